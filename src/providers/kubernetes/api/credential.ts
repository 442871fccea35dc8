import { readFile } from 'node:fs/promises';
import { WindlassError, type Credential } from '../../../domain/index.ts';
import { readServer, readToken, wrongCredential, type KubeAccess } from './kube-access.ts';
import { readKubeconfig } from './read-kubeconfig.ts';
import { decodePem, readCertificates } from './read-pem.ts';

/** How a runtime's API server is reached. */
export interface ConnectionRequest {
  /** Endpoint of the API; empty for the one of the kubeconfig, or for the cluster that the worker runs in. */
  readonly url: string;
  readonly credential: Credential;
}

/** What a credential may use of the worker: nothing, unless the operator of the workers allows it. */
export interface CredentialPolicy {
  /** Programs (of EXEC_COMMANDS) that a kubeconfig's exec section may name. */
  readonly allowedExec: readonly string[];
  /** Whether a runtime may use the service account of the worker's pod. */
  readonly allowInCluster: boolean;
  /** The folder under which a pod's own files are read, instead of the root. */
  readonly podRoot?: string;
}

export const ALLOW_NOTHING: CredentialPolicy = { allowedExec: [], allowInCluster: false };

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The keys of a credential, one list for each form; all keys of a list must be present. */
const WAYS: readonly (readonly string[])[] = [
  ['document'],
  ['kubeconfig'],
  ['token'],
  ['token', 'certificateAuthority'],
  ['inCluster'],
];

/**
 * Reads what the user gave: a kubeconfig (`document`), a token (`token`, with `url` and, where the
 * server's certificate is of a CA of its own, `certificateAuthority`), or `inCluster`: the worker's own
 * service account, where that is allowed. Opens nothing and starts nothing, except the CA of the worker's
 * own pod.
 *
 * @throws invalid-input `KUBERNETES_CREDENTIAL` with `field` `credential` or `url`; permission
 * `KUBERNETES_EXEC`, `KUBERNETES_IN_CLUSTER`. The error quotes nothing of it.
 */
export async function readAccess(
  { url, credential }: ConnectionRequest,
  policy: CredentialPolicy,
): Promise<KubeAccess> {
  const keys = Object.keys(credential);
  const way = WAYS.find(
    (names) => names.length === keys.length && names.every((name) => keys.includes(name)),
  );
  const values: readonly unknown[] = Object.values(credential);
  if (way === undefined || !values.every((value) => typeof value === 'string')) {
    throw wrongCredential(
      'it is neither a kubeconfig nor a token',
      'give a kubeconfig file, or {"token": …, "certificateAuthority": …} with --url, or {"inCluster": "true"}',
    );
  }
  const document = credential['document'] ?? credential['kubeconfig'];
  if (document !== undefined) {
    const access = readKubeconfig(document, policy.allowedExec);
    return url === '' ? access : { ...access, server: readServer(url, 'url') };
  }
  if (credential['inCluster'] !== undefined) return readPod(url, credential['inCluster'], policy);
  return readTokenAccess(url, credential['token'] ?? '', credential['certificateAuthority']);
}

function readTokenAccess(url: string, given: string, authority: string | undefined): KubeAccess {
  if (url === '') {
    throw new WindlassError('invalid-input', 'a token does not say where the API server is', {
      code: 'KUBERNETES_CREDENTIAL',
      field: 'url',
      hint: 'give --url https://HOST:PORT',
    });
  }
  const server = readServer(url, 'url');
  const token = readToken(given);
  if (token === null)
    throw wrongCredential(
      'its token contains characters that a request header cannot hold',
      'give only the token',
    );
  // PEM as it is, or base64 of it.
  const pem = authority?.includes('-----BEGIN') === false ? (decodePem(authority) ?? '') : authority;
  const certificateAuthority = pem === undefined ? null : readCertificates(pem);
  if (pem !== undefined && certificateAuthority === null) {
    throw wrongCredential('its certificateAuthority holds no certificates', 'give them in PEM');
  }
  return {
    server,
    certificateAuthority,
    tlsServerName: null,
    namespace: '',
    identity: { kind: 'given', token, certificate: null },
  };
}

/** The token of the worker's pod is sent only to the worker's own API server. */
async function readPod(url: string, given: string, policy: CredentialPolicy): Promise<KubeAccess> {
  if (given !== 'true') throw wrongCredential('inCluster can only be "true"', 'give {"inCluster": "true"}');
  if (!policy.allowInCluster) {
    throw new WindlassError('permission', 'workers do not offer their own service account to runtimes', {
      code: 'KUBERNETES_IN_CLUSTER',
      field: 'credential',
      hint: 'give a kubeconfig or a token; the operator of the workers can allow it with WINDLASS_KUBERNETES_IN_CLUSTER=true',
    });
  }
  if (url !== '') {
    throw new WindlassError('invalid-input', 'the worker’s own service account is sent to no other address', {
      code: 'KUBERNETES_CREDENTIAL',
      field: 'url',
      hint: 'leave --url out, or give a token of that server',
    });
  }
  const folder = `${policy.podRoot ?? ''}${SERVICE_ACCOUNT}`;
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  const authority = host === undefined ? '' : await readFile(`${folder}/ca.crt`, 'utf8').catch(() => '');
  const certificateAuthority = readCertificates(authority);
  if (host === undefined || certificateAuthority === null) {
    throw wrongCredential(
      'it says inCluster, but the worker that read it does not run in a pod',
      'run the workers in the cluster, or give a kubeconfig',
    );
  }
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    certificateAuthority,
    tlsServerName: null,
    namespace: '',
    identity: { kind: 'pod', tokenFile: `${folder}/token` },
  };
}
