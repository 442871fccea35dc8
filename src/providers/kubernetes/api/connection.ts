import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, type RequestOptions } from 'node:https';
import { WindlassError } from '../../../domain/index.ts';
import { readAccess, type ConnectionRequest, type CredentialPolicy } from './credential.ts';
import { readToken, type KubeAccess, type KubeIdentity } from './kube-access.ts';
import { runExecPlugin } from './run-exec.ts';

/** How the worker authenticates to the server; valid for one request, because tokens expire. */
export interface Authentication {
  readonly token: string | null;
  /** PEM */
  readonly clientCertificate: string | null;
  readonly clientKey: string | null;
}

/** One API server with one credential; its connections are kept alive. */
export interface KubeConnection extends Pick<
  KubeAccess,
  'server' | 'certificateAuthority' | 'tlsServerName' | 'namespace'
> {
  /** Runs the exec plugin or reads the service account's token, as the credential requires. */
  authenticate(): Promise<Authentication>;
  /** Headers and agent of one request: TLS and identity as @kubernetes/client-node applies them. */
  requestOptions(authentication: Authentication): Promise<ConnectionOptions>;
}

export interface ConnectionOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
}

/** Returns the connection of a credential; the same one as long as it is in use. */
export type Connect = (request: ConnectionRequest) => Promise<KubeConnection>;

const KEPT_CONNECTIONS = 50;

export function createConnector(policy: CredentialPolicy): Connect {
  const known = new Map<string, Promise<KubeConnection>>();
  return (request) => {
    const key = createHash('sha256')
      .update(JSON.stringify([request.url, request.credential]))
      .digest('hex');
    const opened = known.get(key);
    if (opened !== undefined) return opened;
    if (known.size >= KEPT_CONNECTIONS) known.clear();
    const opening = readAccess(request, policy).then(open);
    known.set(key, opening);
    opening.catch(() => known.delete(key));
    return opening;
  };
}

function open({ identity, ...access }: KubeAccess): KubeConnection {
  const agents = new Map<string, Agent>();
  return {
    ...access,
    authenticate: createAuthentication(identity),
    async requestOptions(authentication) {
      const { headers, ca, cert, key, servername } = await applyKubeConfig(access, authentication);
      const known = authentication.clientCertificate ?? '';
      const kept = agents.get(known);
      if (kept !== undefined) return { headers, agent: kept };
      const agent = new Agent({
        keepAlive: true,
        maxSockets: 32,
        rejectUnauthorized: true,
        ...(ca === undefined ? {} : { ca }),
        ...(servername === undefined ? {} : { servername }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      });
      // A certificate of an exec plugin is replaced every few minutes.
      if (agents.size >= 4) agents.clear();
      agents.set(known, agent);
      return { headers, agent };
    },
  };
}

/**
 * Builds the Kubernetes library's configuration of one cluster and one user. Its input is our own form of
 * a credential, never the user's text: nothing in that form names a file, a program or a proxy.
 */
async function applyKubeConfig(
  access: Omit<KubeAccess, 'identity'>,
  { token, clientCertificate, clientKey }: Authentication,
): Promise<RequestOptions & { headers: Record<string, string> }> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'cluster',
      server: access.server.href,
      skipTLSVerify: false,
      ...(access.certificateAuthority === null ? {} : { caData: toBase64(access.certificateAuthority) }),
      ...(access.tlsServerName === null ? {} : { tlsServerName: access.tlsServerName }),
    },
    {
      name: 'user',
      ...(token === null ? {} : { token }),
      ...(clientCertificate === null ? {} : { certData: toBase64(clientCertificate) }),
      ...(clientKey === null ? {} : { keyData: toBase64(clientKey) }),
    },
  );
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(options);
  return options;
}

function toBase64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}

/** How long values that may change at any time are cached. */
const KEPT_MS = 60_000;

function createAuthentication(identity: KubeIdentity): () => Promise<Authentication> {
  if (identity.kind === 'given') {
    const { token, certificate } = identity;
    const given = toAuthentication(token, certificate);
    return () => Promise.resolve(given);
  }
  if (identity.kind === 'pod') {
    return keepWhileFresh(async () => {
      const token = readToken(await readFile(identity.tokenFile, 'utf8').catch(() => ''));
      if (token === null) throw noPodToken();
      return { value: toAuthentication(token, null), untilMs: Date.now() + KEPT_MS };
    });
  }
  return keepWhileFresh(async () => {
    const { token, certificate, expiresAtMs } = await runExecPlugin(identity.plugin);
    // A token that is about to expire is requested again.
    const untilMs = expiresAtMs === null ? Date.now() + KEPT_MS : expiresAtMs - KEPT_MS;
    return { value: toAuthentication(token, certificate), untilMs };
  });
}

function toAuthentication(
  token: string | null,
  certificate: { readonly certificate: string; readonly key: string } | null,
): Authentication {
  return { token, clientCertificate: certificate?.certificate ?? null, clientKey: certificate?.key ?? null };
}

interface Kept<T> {
  readonly value: T;
  readonly untilMs: number;
}

/**
 * One request serves all callers that wait; a new one is sent when the value is old or the request failed.
 */
function keepWhileFresh<T>(ask: () => Promise<Kept<T>>): () => Promise<T> {
  let kept: Kept<T> | null = null;
  let asking: Promise<Kept<T>> | null = null;
  return async () => {
    if (kept !== null && kept.untilMs > Date.now()) return kept.value;
    asking ??= ask().finally(() => (asking = null));
    kept = await asking;
    return kept.value;
  };
}

function noPodToken(): WindlassError {
  return new WindlassError('permission', 'the worker’s pod has no service account token', {
    code: 'KUBERNETES_CREDENTIAL',
    field: 'credential',
    hint: 'let the pod mount it (automountServiceAccountToken), or give a kubeconfig',
  });
}
