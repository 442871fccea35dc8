import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isPortFree } from '../../../src/embedded/machine-checks.ts';
import { ApiError, createApiClient, type ApiClient } from './api-client.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { createServers, type Servers } from './servers.ts';

/**
 * The users of the API server: all of them may do everything, except `nobody`. `counted` is not used by
 * any server.
 */
export type TestUser = 'admin' | 'counted' | 'nobody';

/** A real Kubernetes control plane of the test's own; only nodes and pods are simulated. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** PEM of the CA that has signed the server's certificate. */
  readonly ca: string;
  /** The server's own certificate and key, PEM, for a proxy in its place. */
  readonly serving: { readonly cert: string; readonly key: string };
  readonly tokens: Readonly<Record<TestUser, string>>;
  /** Where its files and logs are. */
  readonly folder: string;
  readonly api: ApiClient;
  /**
   * A kubeconfig: of `admin`, for the server itself, by default. `nobody` is a user without any right
   * until a test gives it one.
   */
  kubeconfig(change?: {
    readonly user?: TestUser;
    readonly url?: string;
    readonly ca?: string;
    readonly namespace?: string;
  }): string;
  /** A namespace of a new name, with its default service account. It need not be deleted. */
  createNamespace(): Promise<string>;
  /** How many requests `counted` has sent since the start; only with `audit`. */
  countRequests(): number;
  /** SIGKILL for the API server; its data stays. */
  killApiServer(): Promise<void>;
  /** Starts it again on the same port, and until it answers. */
  startApiServer(): Promise<void>;
  stop(): Promise<void>;
}

const STAGES = fileURLToPath(new URL('stages.yaml', import.meta.url));
const START_LIMIT_MS = 90_000;
const NODES = 3;

/** Starts one on loopback and free ports, with three nodes and a default storage class. */
export async function startControlPlane(
  binary: string,
  options: { readonly audit?: boolean } = {},
): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-kubernetes-'));
  const servers = createServers(binary, folder);
  try {
    return await start(folder, servers, options.audit === true);
  } catch (error) {
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function start(folder: string, servers: Servers, audit: boolean): Promise<ControlPlane> {
  const ports = await findLastingPorts();
  const newToken = (): string => randomBytes(16).toString('hex');
  const tokens = { admin: newToken(), counted: newToken(), nobody: newToken() };
  const url = `https://127.0.0.1:${ports.api}`;
  const inFolder = (name: string): string => join(folder, name);
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(inFolder('sa.key'), privateKey, { mode: 0o600 });
  writeFileSync(
    inFolder('tokens.csv'),
    `${tokens.admin},admin,admin,system:masters\n${tokens.counted},counted,counted,system:masters\n${tokens.nobody},nobody,nobody\n`,
    { mode: 0o600 },
  );
  servers.start('etcd', etcdArgs(ports.etcd, ports.peer));
  writeFileSync(inFolder('audit.yaml'), AUDIT_POLICY);
  const auditArgs = audit ? ['--audit-policy-file=audit.yaml', '--audit-log-path=audit.log'] : [];
  const startApi = (): void =>
    servers.start('kube-apiserver', [...apiServerArgs(ports.etcd, ports.api), ...auditArgs]);
  startApi();
  await untilTrue(servers, 'the API server listens', () => readServingPair(folder) !== null);
  const pair = readServingPair(folder);
  if (pair === null) throw new Error('the API server has no certificate');
  const { cert, key, ca } = pair;
  writeFileSync(inFolder('ca.crt'), ca);
  const api = createApiClient({ url, ca, token: tokens.admin });
  const ready = async (): Promise<boolean> => (await api.text('/readyz').catch(() => '')) === 'ok';
  await untilTrue(servers, 'the API server is ready', ready);
  const kubeconfig: ControlPlane['kubeconfig'] = ({ user = 'admin', ...change } = {}) =>
    writeKubeconfig({ url, ca, token: tokens[user], ...change });
  writeFileSync(inFolder('kubeconfig'), kubeconfig(), { mode: 0o600 });
  writeFileSync(inFolder('scheduler.yaml'), schedulerConfig(inFolder('kubeconfig')));
  servers.start('kube-controller-manager', CONTROLLER_ARGS);
  servers.start('kube-scheduler', ['--config=scheduler.yaml', '--secure-port=0']);
  servers.start('kwok', [
    '--kubeconfig=kubeconfig',
    `--config=${STAGES}`,
    '--manage-all-nodes',
    '--node-lease-duration-seconds=40',
    '--node-ip=127.0.0.1',
  ]);
  await furnish(api);
  await untilTrue(servers, 'the nodes are ready', async () => (await countReadyNodes(api)) === NODES);
  await untilTrue(servers, 'service accounts are made', () => exists(api, serviceAccount('default')));

  let namespaces = 0;
  return {
    url,
    ca,
    serving: { cert, key },
    tokens,
    folder,
    api,
    kubeconfig,
    async createNamespace() {
      namespaces += 1;
      const name = `test-${namespaces}-${randomBytes(2).toString('hex')}`;
      await api.create('/api/v1/namespaces', { metadata: { name } });
      await untilTrue(servers, `${name} has its account`, () => exists(api, serviceAccount(name)));
      return name;
    },
    countRequests: () => readFileSync(inFolder('audit.log'), 'utf8').split('\n').length - 1,
    killApiServer: () => servers.kill('kube-apiserver'),
    async startApiServer() {
      startApi();
      await untilTrue(servers, 'the API server is ready again', ready);
    },
    async stop() {
      api.close();
      await servers.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Three free ports that no outgoing connection takes before their servers are started, also a second time:
 * systems choose outgoing ports from 32768 on.
 */
async function findLastingPorts(): Promise<{ etcd: number; peer: number; api: number }> {
  for (;;) {
    const etcd = randomInt(20_000, 32_000);
    const [peer, api] = [etcd + 1, etcd + 2];
    const free = await Promise.all([etcd, peer, api].map((port) => isPortFree(port)));
    if (free.every((one) => one)) return { etcd, peer, api };
  }
}

function etcdArgs(port: number, peerPort: number): readonly string[] {
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    '--data-dir=data',
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=http://127.0.0.1:${port}`,
    `--advertise-client-urls=http://127.0.0.1:${port}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

function apiServerArgs(etcdPort: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--cert-dir=certs',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--token-auth-file=tokens.csv',
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-account-key-file=sa.key',
    '--service-account-signing-key-file=sa.key',
  ];
}

/** Without leader election, and fast enough for many releases at the same time. */
const CONTROLLER_ARGS = [
  '--kubeconfig=kubeconfig',
  '--leader-elect=false',
  '--secure-port=0',
  '--service-account-private-key-file=sa.key',
  '--root-ca-file=ca.crt',
  '--kube-api-qps=1000',
  '--kube-api-burst=2000',
  '--namespace-sync-period=2s',
] as const;

function schedulerConfig(kubeconfig: string): string {
  return JSON.stringify({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    leaderElection: { leaderElect: false },
    clientConnection: { kubeconfig, qps: 1000, burst: 2000 },
  });
}

const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata', users: ['counted'] }, { level: 'None' }],
});

/** The file of the certificate holds the server's own first, then its CA; null until both are written. */
function readServingPair(folder: string): { cert: string; key: string; ca: string } | null {
  try {
    const cert = readFileSync(join(folder, 'certs', 'apiserver.crt'), 'utf8');
    const key = readFileSync(join(folder, 'certs', 'apiserver.key'), 'utf8');
    const ca = cert.split(/(?=-----BEGIN CERTIFICATE-----)/).filter((part) => part.startsWith('-----'))[1];
    return ca === undefined || !key.includes('-----END') ? null : { cert, key, ca };
  } catch {
    return null;
  }
}

async function furnish(api: ApiClient): Promise<void> {
  await api.create('/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'testbed', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'testbed.windlass/volume',
    volumeBindingMode: 'Immediate',
    reclaimPolicy: 'Delete',
    allowVolumeExpansion: true,
  });
  const room = { cpu: '8', memory: '32Gi', pods: '110' };
  for (let number = 1; number <= NODES; number += 1) {
    const name = `node-${number}`;
    await api.create('/api/v1/nodes', {
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
      status: { allocatable: room, capacity: room },
    });
  }
}

async function countReadyNodes(api: ApiClient): Promise<number> {
  const nodes = await api.list('/api/v1/nodes');
  return nodes.filter((node) => {
    const conditions = (node.status?.['conditions'] ?? []) as readonly { type: string; status: string }[];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  }).length;
}

function serviceAccount(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
}

async function exists(api: ApiClient, path: string): Promise<boolean> {
  try {
    await api.get(path);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

async function untilTrue(
  servers: Servers,
  what: string,
  isTrue: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isTrue())) {
    servers.assertAlive();
    if (Date.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(50);
  }
}
