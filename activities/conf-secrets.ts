import { checkGivenConf, mapPasswords, parseForm, validateConf } from '../src/app-package/index.ts';
import { isChart } from '../src/chart-package/index.ts';
import type { StoredSecret } from '../src/db/index.ts';
import {
  checkConfSize,
  isSealedValue,
  storedSecretBinding,
  WindlassError,
  type Conf,
  type ConfRequest,
  type PackageContent,
  type SecretBinding,
  type SecretReference,
} from '../src/domain/index.ts';
import { mergeConf } from '../src/plan/index.ts';
import { bindConf } from '../src/secrets/index.ts';
import { mergeChartConf } from './chart-conf.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Where the secrets of confs are stored: `conf/<key>`, and `conf/<key>/<job>` for one that a job has
 * changed.
 */
const CONF_SECRETS = 'conf/';

/** A conf without a secret in it. */
export interface StoredConf {
  /** As the user gave it. */
  readonly given: Conf;
  /** Complete, with the package's defaults, as a provider gets it. */
  readonly conf: Conf;
  /** The values behind the references in both, encrypted under the database's key, by name. */
  readonly secrets: readonly NamedSecret[];
}

export interface NamedSecret {
  readonly name: string;
  readonly secret: StoredSecret;
}

/**
 * How a conf is converted for the database: the binding of its sealed passwords, and what it is applied
 * over.
 */
export interface StoreConfRequest extends ConfRequest {
  readonly content: PackageContent;
  /** The stored conf that it is applied over, its passwords references; absent for a new cluster. */
  readonly over?: Conf;
  /** The value behind a reference of `over`. */
  readonly openSecret: (name: string) => Promise<string>;
}

/**
 * Opens the sealed passwords of a conf, checks the whole conf with them, and replaces them by references.
 *
 * @throws invalid-input `CONF_INVALID` with every fault, `PASSWORD_UNSEALED`, `CONF_TOO_LARGE`.
 */
export async function storeConf(
  dependencies: ActivityDependencies,
  request: StoreConfRequest,
): Promise<StoredConf> {
  const { content, over } = request;
  if (isChart(content.files)) return storeChartConf(dependencies, request);
  const config = content.files.find((file) => file.path === 'config.json');
  if (config === undefined) {
    // Nothing says which of its values are secret, and nothing would use it.
    checkGivenConf({ items: [] }, request.conf);
    return { given: {}, conf: {}, secrets: [] };
  }
  const form = parseForm(new TextDecoder().decode(config.content));
  const secrets: NamedSecret[] = [];
  const changed = await mapPasswords(form, request.conf, createSealedTaker(dependencies, request, secrets));
  const given = mergeConf(over ?? {}, changed);
  const opened = await mapPasswords(form, given, async (value) => {
    if (!isConfReference(value)) return value;
    const fresh = secrets.find(({ name }) => name === value.$secret);
    return fresh === undefined ? request.openSecret(value.$secret) : openFresh(dependencies, request, fresh);
  });
  checkConfSize(opened);
  const checked = validateConf(form, opened);
  const references = new Map<string, SecretReference>();
  await mapPasswords(form, given, (value, key) => {
    if (isConfReference(value)) references.set(key, value);
    return value;
  });
  const conf = await mapPasswords(form, checked, (value, key) => {
    const known = references.get(key);
    if (known !== undefined) return known;
    // A default of the package's own.
    const name = `${CONF_SECRETS}${key}`;
    secrets.push(encryptSecret(dependencies, request, name, String(value)));
    return { $secret: name };
  });
  return { given, conf, secrets };
}

/** The same for a chart, whose conf is one secret. */
async function storeChartConf(
  dependencies: ActivityDependencies,
  request: StoreConfRequest,
): Promise<StoredConf> {
  const { content, jobId, conf, over, openSecret } = request;
  const { keyring, redactor } = dependencies;
  const merged = await mergeChartConf({
    ...{ content, jobId, conf, over, redactor, openSecret },
    openSealed: ({ $sealed }) => keyring.openSealed($sealed, bindRequest(request)('')),
  });
  const { given, secret } = merged;
  const secrets = secret === null ? [] : [encryptSecret(dependencies, request, secret.name, secret.value)];
  return { given, conf: merged.conf, secrets };
}

function bindRequest(request: StoreConfRequest): (key: string) => SecretBinding {
  const { action, clusterId, jobId, versionId, runtimeId, name, conf } = request;
  return bindConf({
    ...{ action, clusterId, jobId, versionId, conf },
    ...(runtimeId === undefined ? {} : { runtimeId }),
    ...(name === undefined ? {} : { name }),
  });
}

/** Opens sealed values, encrypts them under the database's key, and replaces them by references. */
function createSealedTaker(
  dependencies: ActivityDependencies,
  request: StoreConfRequest,
  secrets: NamedSecret[],
): (value: unknown, key: string) => Promise<SecretReference> {
  const { keyring, redactor } = dependencies;
  const { jobId, over } = request;
  const bind = bindRequest(request);
  return async (value, key) => {
    if (!isSealedValue(value)) throw unsealedPassword(key);
    const password = await keyring.openSealed(value.$sealed, bind(key));
    redactor.register(password);
    // Old secret versions are kept until no rollback can need them.
    const name = `${CONF_SECRETS}${key}${over === undefined ? '' : `/${jobId}`}`;
    secrets.push(encryptSecret(dependencies, request, name, password));
    return { $secret: name };
  };
}

function encryptSecret(
  { keyring }: ActivityDependencies,
  { clusterId }: StoreConfRequest,
  name: string,
  value: string,
): NamedSecret {
  return { name, secret: keyring.encrypt(value, storedSecretBinding(clusterId, name)) };
}

function openFresh(
  { keyring }: ActivityDependencies,
  { clusterId }: StoreConfRequest,
  { name, secret }: NamedSecret,
): string {
  return keyring.decrypt(secret, storedSecretBinding(clusterId, name));
}

function isConfReference(value: unknown): value is SecretReference {
  return (
    typeof value === 'object' &&
    value !== null &&
    '$secret' in value &&
    typeof value.$secret === 'string' &&
    value.$secret.startsWith(CONF_SECRETS)
  );
}

function unsealedPassword(key: string): WindlassError {
  return new WindlassError('invalid-input', `${key} is a password and arrived unsealed`, {
    code: 'PASSWORD_UNSEALED',
    field: key,
    hint: 'use the client library or the windlass command: they seal it before it leaves the machine',
  });
}
