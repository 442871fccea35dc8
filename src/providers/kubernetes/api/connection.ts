import { createHash } from 'node:crypto';
import { Agent, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { WindlassError } from '../../../domain/index.ts';
import { openKubeConfig, type ConnectionRequest, type ExecPolicy } from './credential.ts';

/** What identifies the worker to the server: for one request, because tokens expire. */
export interface Authentication {
  readonly headers: Readonly<Record<string, string>>;
  readonly token: string | null;
  /** PEM */
  readonly clientCertificate: string | null;
  readonly clientKey: string | null;
}

/** One API server with one credential; connections to it are kept open. */
export interface KubeConnection {
  readonly server: URL;
  /** PEM of the CA that the server's certificate must be of; null for those of the machine. */
  readonly certificateAuthority: string | null;
  readonly tlsServerName: string | null;
  readonly proxyUrl: string | null;
  /** Names the server and the user in the kubeconfig; no secret. */
  readonly namespace: string;
  /** Runs the exec plugin, reads the service account's token: whatever the credential asks for. */
  authenticate(): Promise<Authentication>;
  agent(authentication: Authentication): RequestOptions['agent'];
}

/** Gives the connection of a credential, the same one as long as it is in use. */
export type Connect = (request: ConnectionRequest) => Promise<KubeConnection>;

const KEPT_CONNECTIONS = 50;

export function createConnector(policy: ExecPolicy): Connect {
  const known = new Map<string, Promise<KubeConnection>>();
  return (request) => {
    const key = createHash('sha256')
      .update(JSON.stringify([request.url, request.credential]))
      .digest('hex');
    const opened = known.get(key);
    if (opened !== undefined) return opened;
    if (known.size >= KEPT_CONNECTIONS) known.clear();
    const opening = open(request, policy);
    known.set(key, opening);
    opening.catch(() => known.delete(key));
    return opening;
  };
}

async function open(request: ConnectionRequest, policy: ExecPolicy): Promise<KubeConnection> {
  const config = await openKubeConfig(request, policy);
  const cluster = config.getCurrentCluster();
  const caData = cluster?.caData ?? (await readInClusterAuthority(config));
  const certificateAuthority = caData === undefined ? null : Buffer.from(caData, 'base64').toString('utf8');
  const server = new URL(cluster?.server ?? '');
  const tlsServerName = cluster?.tlsServerName ?? null;
  const proxyUrl = cluster?.proxyUrl ?? null;
  const agents = new Map<string, Agent>();
  return {
    server,
    certificateAuthority,
    tlsServerName,
    proxyUrl,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? '',
    authenticate: () => authenticate(config),
    agent(authentication) {
      const key = authentication.clientCertificate ?? '';
      const kept = agents.get(key);
      if (kept !== undefined) return kept;
      const agent = new Agent({
        keepAlive: true,
        maxSockets: 32,
        rejectUnauthorized: true,
        ...(certificateAuthority === null ? {} : { ca: certificateAuthority }),
        ...(tlsServerName === null ? {} : { servername: tlsServerName }),
        ...(authentication.clientCertificate === null ? {} : { cert: authentication.clientCertificate }),
        ...(authentication.clientKey === null ? {} : { key: authentication.clientKey }),
      });
      // A certificate of an exec plugin is new every few minutes.
      if (agents.size >= 4) agents.clear();
      agents.set(key, agent);
      return agent;
    },
  };
}

/** In a pod the CA lies beside the token. */
async function readInClusterAuthority(config: KubeConfig): Promise<string | undefined> {
  const file = config.getCurrentCluster()?.caFile;
  if (file === undefined) return undefined;
  const { readFile } = await import('node:fs/promises');
  return (await readFile(file)).toString('base64');
}

async function authenticate(config: KubeConfig): Promise<Authentication> {
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    // What a plugin printed may hold a token: only that it failed is said.
    throw new WindlassError('permission', 'the credential’s plugin gave no token', {
      code: 'KUBERNETES_EXEC_FAILED',
      field: 'credential',
      hint: `run it by hand where the worker runs${describeErrno(error)}`,
    });
  }
  const header = options.headers['Authorization'] ?? null;
  return {
    headers: header === null ? {} : { authorization: header },
    token: header?.startsWith('Bearer ') === true ? header.slice('Bearer '.length) : null,
    clientCertificate: toPem(options.cert),
    clientKey: toPem(options.key),
  };
}

function toPem(value: RequestOptions['cert'] | RequestOptions['key']): string | null {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : null;
}

function describeErrno(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'ENOENT' ? ': it is not installed there' : '';
}
