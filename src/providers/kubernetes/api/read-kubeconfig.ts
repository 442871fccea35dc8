import { isAlias, isCollection, isScalar, parseAllDocuments, visit, type Document } from 'yaml';
import { MAX_CREDENTIAL_BYTES } from '../../../domain/index.ts';
import { readExecPlugin } from './exec-forms.ts';
import {
  readServer,
  readToken,
  wrongCredential,
  type ClientCertificate,
  type KubeAccess,
  type KubeIdentity,
} from './kube-access.ts';
import { decodePem, readCertificates, readPrivateKey } from './read-pem.ts';

/**
 * Reads a kubeconfig into windlass's own form. This is the only reader: no library and no helm ever gets
 * the user's text. Every cluster, user and context is checked, not only those of the current context. Only
 * known kinds of data are taken: addresses, PEM, tokens, names. A field that names a file, a proxy or a
 * program, that turns verification off, or that is not known, is refused.
 *
 * @throws invalid-input `KUBERNETES_CREDENTIAL`; permission `KUBERNETES_EXEC`. The error quotes nothing of
 * it.
 */
export function readKubeconfig(text: string, allowedExec: readonly string[]): KubeAccess {
  const root = readFields(parseStrictly(text), 'the kubeconfig', {
    known: ['apiVersion', 'kind', 'current-context', 'clusters', 'users', 'contexts'],
    ignored: ['preferences', 'extensions'],
  });
  if ((root['apiVersion'] ?? 'v1') !== 'v1' || (root['kind'] ?? 'Config') !== 'Config') {
    throw wrong('it is not a kubeconfig (apiVersion v1, kind Config)');
  }
  const clusters = readEntries(root['clusters'], 'clusters', 'cluster', readCluster);
  const users = readEntries(root['users'], 'users', 'user', (value, where) =>
    readUser(value, where, allowedExec),
  );
  const contexts = readEntries(root['contexts'], 'contexts', 'context', readContext);
  const context = contexts.get(readText(root, 'current-context', 'the kubeconfig') ?? '');
  if (context === undefined) throw noContext('its current-context is not among its contexts');
  const cluster = clusters.get(context.cluster);
  const identity = users.get(context.user);
  if (cluster === undefined || identity === undefined) {
    throw noContext('its current-context has no cluster or no user');
  }
  if (cluster.server === null) throw wrong('the cluster of its current-context has no server');
  if (identity === null) {
    throw wrong('the user of its current-context has no token and no client certificate');
  }
  return { ...cluster, server: cluster.server, namespace: context.namespace, identity };
}

const TOKEN_HINT = 'kubectl config view --flatten --minify --raw writes one that can be used';

function wrong(why: string): Error {
  return wrongCredential(why, TOKEN_HINT);
}

function noContext(why: string): Error {
  return wrongCredential(why, 'set current-context: kubectl config use-context NAME');
}

/** One document of plain YAML or JSON that every parser reads in the same way. */
function parseStrictly(text: string): unknown {
  if (Buffer.byteLength(text) > MAX_CREDENTIAL_BYTES) {
    throw wrong(`it has more than ${MAX_CREDENTIAL_BYTES} bytes`);
  }
  // Directives change how the rest is read.
  if (/^%/m.test(text)) throw wrong('it has YAML directives');
  let documents: readonly Document[];
  try {
    const parsed = parseAllDocuments(text, {
      ...{ version: '1.2', schema: 'core', merge: false, strict: true, uniqueKeys: true, stringKeys: true },
      ...{ prettyErrors: false, logLevel: 'silent' },
    });
    documents = 'empty' in parsed ? [] : parsed;
  } catch {
    // The parser's message quotes the text, which is a secret; very deep nesting overflows its stack.
    throw wrong('it is not YAML');
  }
  const [document] = documents;
  if (document === undefined || documents.length > 1) throw wrong('it is not one YAML document');
  if (document.errors.length > 0) throw wrong('it is not YAML, or has a key twice');
  if (document.warnings.length > 0 || hasReferences(document)) {
    throw wrong('it uses YAML anchors, aliases or tags');
  }
  return document.toJS({ maxAliasCount: 0 });
}

/** Anchors and aliases can make a small text very large; tags change the type of a value. */
function hasReferences(document: Document): boolean {
  let found = false;
  visit(document, (_, node) => {
    found ||= isAlias(node);
    if (isScalar(node) || isCollection(node)) found ||= node.anchor !== undefined || node.tag !== undefined;
    return found ? visit.BREAK : undefined;
  });
  return found;
}

type Fields = Readonly<Record<string, unknown>>;

interface FieldRules {
  readonly known: readonly string[];
  /** May hold anything: it is never read. */
  readonly ignored?: readonly string[];
  readonly refused?: Readonly<Record<string, string>>;
}

/**
 * The fields of an object, without null ones. Its keys are not quoted in errors: a key may be a mistyped
 * secret.
 */
function readFields(
  value: unknown,
  where: string,
  { known, ignored = [], refused = {} }: FieldRules,
): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(`${where} is not an object`);
  }
  const kept: [string, unknown][] = [];
  for (const [key, field] of Object.entries(value)) {
    if (ignored.includes(key) || (known.includes(key) && field === null)) continue;
    if (Object.hasOwn(refused, key)) {
      if (field === '' || field === null || field === false) continue;
      throw wrong(`${where} has ${key}, ${refused[key] ?? ''}`);
    }
    if (!known.includes(key)) throw wrong(`${where} has a field that is not known there`);
    kept.push([key, field]);
  }
  return Object.fromEntries(kept);
}

/** Undefined if it is absent or empty. */
function readText(fields: Fields, key: string, where: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw wrong(`${key} of ${where} is not a string: put it in quotes`);
}

function readEntries<T>(
  list: unknown,
  listName: string,
  entryName: string,
  read: (value: unknown, where: string) => T,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  if (list === undefined) return found;
  if (!Array.isArray(list)) throw wrong(`its ${listName} are not a list`);
  for (const [index, item] of list.entries()) {
    const where = `${listName}[${index}]`;
    const fields = readFields(item, where, { known: ['name', entryName] });
    const name = readText(fields, 'name', where);
    if (name === undefined) throw wrong(`${where} has no name`);
    if (found.has(name)) throw wrong(`${where} has the same name as another one`);
    found.set(name, read(fields[entryName] ?? {}, where));
  }
  return found;
}

const OF_WORKER = 'which is a file of the worker';

function readCluster(value: unknown, where: string) {
  const fields = readFields(value, where, {
    known: ['server', 'certificate-authority-data', 'tls-server-name'],
    ignored: ['extensions', 'disable-compression'],
    refused: {
      'certificate-authority': OF_WORKER,
      'insecure-skip-tls-verify': 'which turns the verification of the server’s certificate off',
      'proxy-url': 'and workers use no proxy that a credential names',
    },
  });
  const server = readText(fields, 'server', where);
  const authority = readText(fields, 'certificate-authority-data', where);
  const tlsServerName = readText(fields, 'tls-server-name', where) ?? null;
  if (tlsServerName !== null && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(tlsServerName)) {
    throw wrong(`tls-server-name of ${where} is not a valid host name`);
  }
  const certificateAuthority = authority === undefined ? null : readCertificates(decodePem(authority) ?? '');
  if (authority !== undefined && certificateAuthority === null) {
    throw wrong(`certificate-authority-data of ${where} holds no PEM certificates`);
  }
  return {
    server: server === undefined ? null : readServer(server, 'credential'),
    certificateAuthority,
    tlsServerName,
  };
}

function readContext(value: unknown, where: string) {
  const fields = readFields(value, where, {
    known: ['cluster', 'user', 'namespace'],
    ignored: ['extensions'],
  });
  const namespace = readText(fields, 'namespace', where) ?? '';
  if (!/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$/.test(namespace)) {
    throw wrong(`namespace of ${where} is not a valid name of a namespace`);
  }
  return {
    cluster: readText(fields, 'cluster', where) ?? '',
    user: readText(fields, 'user', where) ?? '',
    namespace,
  };
}

const AS_ANOTHER = 'and workers act only as the credential’s own user';

/** Null for a user without any identity. */
function readUser(value: unknown, where: string, allowedExec: readonly string[]): KubeIdentity | null {
  const fields = readFields(value, where, {
    known: ['token', 'client-certificate-data', 'client-key-data', 'exec'],
    ignored: ['extensions'],
    refused: {
      tokenFile: OF_WORKER,
      'token-file': OF_WORKER,
      'client-certificate': OF_WORKER,
      'client-key': OF_WORKER,
      'auth-provider': 'which Kubernetes no longer supports',
      username: 'and Kubernetes no longer accepts passwords',
      password: 'and Kubernetes no longer accepts passwords',
      as: AS_ANOTHER,
      'as-uid': AS_ANOTHER,
      'as-groups': AS_ANOTHER,
      'as-user-extra': AS_ANOTHER,
    },
  });
  const tokenText = readText(fields, 'token', where);
  const token = tokenText === undefined ? null : readToken(tokenText);
  if (tokenText !== undefined && token === null)
    throw wrong(`token of ${where} contains characters that a request header cannot hold`);
  const certificate = readClientCertificate(fields, where);
  if (fields['exec'] !== undefined) {
    if (token !== null || certificate !== null)
      throw wrong(`${where} has both exec and a token or certificate`);
    return { kind: 'exec', plugin: readExecPlugin(readExec(fields['exec'], where), allowedExec) };
  }
  return token === null && certificate === null ? null : { kind: 'given', token, certificate };
}

function readClientCertificate(fields: Fields, where: string): ClientCertificate | null {
  const given = readText(fields, 'client-certificate-data', where);
  const givenKey = readText(fields, 'client-key-data', where);
  if (given === undefined && givenKey === undefined) return null;
  const certificate = readCertificates(decodePem(given ?? '') ?? '');
  const key = readPrivateKey(decodePem(givenKey ?? '') ?? '');
  if (certificate !== null && key !== null) return { certificate, key };
  throw wrong(`the client certificate of ${where} is not a certificate with its key in PEM`);
}

const EXEC_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

function readExec(value: unknown, where: string) {
  const inside = `exec of ${where}`;
  const fields = readFields(value, inside, {
    known: ['apiVersion', 'command', 'args', 'env', 'interactiveMode'],
    ignored: ['installHint'],
    refused: { provideClusterInfo: 'which is not supported' },
  });
  if (!EXEC_VERSIONS.includes(readText(fields, 'apiVersion', inside) ?? '')) {
    throw wrong(`apiVersion of ${inside} is not one of ${EXEC_VERSIONS.join(', ')}`);
  }
  if (!['Never', 'IfAvailable'].includes(readText(fields, 'interactiveMode', inside) ?? 'Never')) {
    throw wrong(`${inside} requires interactive input, which a worker cannot give`);
  }
  const args: readonly unknown[] = Array.isArray(fields['args'] ?? [])
    ? ((fields['args'] ?? []) as [])
    : [null];
  if (!args.every((argument) => typeof argument === 'string'))
    throw wrong(`args of ${inside} are not strings`);
  const pairs: unknown = fields['env'] ?? [];
  if (!Array.isArray(pairs)) throw wrong(`env of ${inside} is not a list`);
  const env = new Map<string, string>();
  for (const pair of pairs) {
    const one = readFields(pair, `env of ${inside}`, { known: ['name', 'value'] });
    const name = readText(one, 'name', `env of ${inside}`);
    if (name === undefined || env.has(name))
      throw wrong(`env of ${inside} has an entry without a name, or a name twice`);
    env.set(name, readText(one, 'value', `env of ${inside}`) ?? '');
  }
  return {
    command: readText(fields, 'command', inside) ?? '',
    args: args as readonly string[],
    env: Object.fromEntries(env),
  };
}
