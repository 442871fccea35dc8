import { mapPasswords, parseForm, validateConf } from '../src/app-package/index.ts';
import type { StoredSecret } from '../src/db/index.ts';
import {
  confBinding,
  WindlassError,
  type ClusterWrapper,
  type Conf,
  type CreateClusterInput,
  type PackageContent,
  type Runtime,
  type SealedValue,
} from '../src/domain/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Hydrator } from './hydrate.ts';

/** A cluster that could be stored: everything checked, nothing stored yet. */
export interface PreparedCluster {
  readonly runtime: Runtime;
  readonly wrapper: ClusterWrapper;
  /** Password values of the conf under the database's key, by secret name (`conf/<key>`). */
  readonly secrets: readonly { readonly name: string; readonly secret: StoredSecret }[];
}

/**
 * Checks a request for a cluster and makes its rows, without storing them: the same for the
 * check before a job and for the job itself.
 *
 * @throws invalid-input with every fault of the conf; not-found for runtime or version.
 */
export async function prepareCluster(
  dependencies: ActivityDependencies,
  hydrator: Hydrator,
  input: CreateClusterInput,
): Promise<PreparedCluster> {
  const { stores, providers } = dependencies;
  const runtime = await stores.runtimes.get(input.runtime);
  const version = await stores.apps.get(input.versionId);
  const content = await hydrator.loadPackage(version.versionId);
  const { conf, secrets } = await takePasswords(dependencies, content, input);
  const wrapper = await providers.get(runtime.provider).parseClusterConf({
    content,
    runtime,
    conf,
    clusterId: input.clusterId,
    createdAt: new Date().toISOString(),
  });
  const name = input.name ?? wrapper.cluster.name;
  return {
    runtime,
    secrets,
    wrapper: {
      ...wrapper,
      cluster: {
        ...wrapper.cluster,
        name: name === '' ? version.appName : name,
        versionId: version.versionId,
        appName: version.appName,
      },
    },
  };
}

/** Opens the sealed passwords, checks the conf with them, and puts references in their place. */
async function takePasswords(
  dependencies: ActivityDependencies,
  content: PackageContent,
  input: CreateClusterInput,
): Promise<{ conf: Conf; secrets: PreparedCluster['secrets'] }> {
  const { keyring, redactor } = dependencies;
  const config = content.files.find((file) => file.path === 'config.json');
  // Packages of other kinds (charts) have no form: their provider checks the values itself.
  if (config === undefined) return { conf: input.conf, secrets: [] };
  const form = parseForm(new TextDecoder().decode(config.content));
  const opened = await mapPasswords(form, input.conf, async (value, key) => {
    if (!isSealedValue(value)) throw unsealedPassword(key);
    const password = await keyring.openSealed(value.$sealed, confBinding(input.clusterId, key));
    redactor.register(password);
    return password;
  });
  const checked = validateConf(form, opened);
  const secrets: { name: string; secret: StoredSecret }[] = [];
  const conf = await mapPasswords(form, checked, async (value, key) => {
    const name = `conf/${key}`;
    secrets.push({ name, secret: keyring.encrypt(String(value)) });
    return { $secret: name };
  });
  return { conf, secrets };
}

function isSealedValue(value: unknown): value is SealedValue {
  return typeof value === 'object' && value !== null && '$sealed' in value;
}

function unsealedPassword(key: string): WindlassError {
  return new WindlassError('invalid-input', `${key} is a password and came unsealed`, {
    code: 'PASSWORD_UNSEALED',
    field: key,
    hint: 'use the client library or the windlass command: they seal it before it leaves the machine',
  });
}
