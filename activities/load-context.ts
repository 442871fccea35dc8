import { unpackContent } from '../src/app-package/index.ts';
import type { TaskWithContext, StoredSecret } from '../src/db/index.ts';
import {
  FRONTGATE_VERSION,
  readTask,
  storedCredentialBinding,
  storedSecretBinding,
  WindlassError,
  type Conf,
  type Credential,
  type NodeAccessWay,
  type PackageContent,
  type Runtime,
  type StoredTask,
} from '../src/domain/index.ts';
import { findNodeRole } from '../src/plan/index.ts';
import { findTaskFacts, type JumpHost, type Provider, type TaskContext } from '../src/provider/index.ts';
import { FRONTGATE_PACKAGE } from '../src/vm/index.ts';
import { CHART_CONF, registerChartConf } from './chart-conf.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createMetadataReaders } from './metadata-reader.ts';
import { createNodeKeys } from './node-keys.ts';
import { registerCredential } from './register-credential.ts';

/** Loads what ids refer to, so that a provider never sees the database. */
export interface ContextLoader {
  /** @throws conflict `JOB_NOT_OPEN`; not-found for an unknown task or provider; internal `DIRECTIVE_INVALID`. */
  loadTask(taskId: string): Promise<{ context: TaskContext; provider: Provider }>;
  /** The same, for an activity that begins: the first attempt stores the time. */
  beginTask(taskId: string): Promise<{ context: TaskContext; provider: Provider }>;
  /** The stored credential of a runtime; `{}` if there is none. @throws internal `STORED_SECRET`. */
  openCredential(runtime: Runtime, stored: StoredSecret | null): Credential;
  /**
   * A runtime by name or id, with its credential. @throws internal `STORED_SECRET` if one was changed in
   * the database.
   */
  loadRuntime(nameOrId: string): Promise<{ readonly runtime: Runtime; readonly credential: Credential }>;
  loadPackage(versionId: string): Promise<PackageContent>;
  /**
   * The value of a secret of the cluster, registered with the redactor. @throws not-found
   * `SECRET_NOT_FOUND`
   */
  openSecret(clusterId: string, name: string): Promise<string>;
  /**
   * Registers all values that the cluster's user gave with the redactor, because texts of other programs
   * may repeat them.
   */
  registerSecrets(clusterId: string): Promise<void>;
}

const KEPT_PACKAGES = 20;

export function createContextLoader(dependencies: ActivityDependencies): ContextLoader {
  const { stores, providers, keyring, redactor } = dependencies;
  const nodeKeys = createNodeKeys(dependencies);
  // Content is addressed by digest, so a cached content never becomes stale.
  const packages = new Map<string, Promise<PackageContent>>();

  async function readPackage(versionId: string): Promise<PackageContent> {
    const version = await stores.apps.get(versionId);
    return { versionId, files: unpackContent(await stores.apps.readContent(version.digest)) };
  }

  function loadPackage(versionId: string): Promise<PackageContent> {
    if (versionId === FRONTGATE_VERSION) return Promise.resolve(FRONTGATE_PACKAGE);
    const known = packages.get(versionId);
    if (known !== undefined) return known;
    if (packages.size >= KEPT_PACKAGES) packages.clear();
    const reading = readPackage(versionId);
    packages.set(versionId, reading);
    reading.catch(() => packages.delete(versionId));
    return reading;
  }

  function openCredential(runtime: Runtime, stored: StoredSecret | null): Credential {
    if (stored === null) return {};
    const credential = JSON.parse(keyring.decrypt(stored, storedCredentialBinding(runtime))) as Credential;
    registerCredential(redactor, credential);
    return credential;
  }

  async function loadRuntime(nameOrId: string) {
    const { runtime, credential } = await stores.runtimes.getWithCredential(nameOrId);
    return { runtime, credential: openCredential(runtime, credential) };
  }

  async function openSecret(clusterId: string, name: string): Promise<string> {
    const stored = await stores.secrets.get(clusterId, name);
    const value = keyring.decrypt(stored, storedSecretBinding(clusterId, name));
    register(name, value);
    return value;
  }

  async function registerSecrets(clusterId: string): Promise<void> {
    for (const { name, secret } of await stores.secrets.list(clusterId)) {
      if (name.startsWith('conf/'))
        register(name, keyring.decrypt(secret, storedSecretBinding(clusterId, name)));
    }
  }

  function register(name: string, value: string): void {
    if (name.startsWith(CHART_CONF)) registerChartConf(redactor, JSON.parse(value) as Conf);
    else redactor.register(value);
  }

  const readMetadata = createMetadataReaders(stores.clusters, openSecret);

  async function loadOwnSecretValues(clusterId: string): Promise<readonly string[]> {
    const rows = await stores.secrets.list(clusterId);
    const values = rows
      .filter(({ name }) => name.startsWith('conf/'))
      .map(({ name, secret }) => keyring.decrypt(secret, storedSecretBinding(clusterId, name)));
    for (const value of values) redactor.register(value);
    return values;
  }

  /** Values of linked clusters also reach the nodes, so they are masked like the cluster's own. */
  async function loadSecretValues(clusterId: string): Promise<readonly string[]> {
    const seen = await stores.clusters.listMetadata(clusterId, { neighbours: false });
    const clusterIds = new Set([clusterId, ...seen.map((version) => version.clusterId)]);
    return (await Promise.all([...clusterIds].map(loadOwnSecretValues))).flat();
  }

  /**
   * The frontgate through which the task's cluster is reached; undefined if nodes are reached directly,
   * and, for tasks that do not connect to a node, if there is none now.
   */
  async function findJumpHost({ task, runtime, cluster }: TaskWithContext): Promise<JumpHost | undefined> {
    const provider = providers.get(runtime.provider);
    const way = nodeAccessOf(provider, runtime);
    if (way === 'direct' || cluster.purpose === 'frontgate') return undefined;
    const gate = await stores.frontgates.findGate(cluster.clusterId);
    const host = gate === undefined || gate === null ? '' : (gate.ssh.host ?? gate.privateIp);
    if (gate === undefined || gate === null || host === '') {
      if (findTaskFacts(task.action, provider).by !== 'node') return undefined;
      throw noFrontgate(task, cluster.vpcId);
    }
    const keys = await nodeKeys.load(gate.clusterId, gate.nodeId);
    return {
      clusterId: gate.clusterId,
      host,
      port: gate.ssh.port,
      user: gate.ssh.user,
      hostPublicKey: gate.ssh.hostKey || keys.hostPublicKey,
      clientPrivateKey: keys.clientPrivateKey,
    };
  }

  async function toContext(found: TaskWithContext): Promise<TaskContext> {
    const { job, runtime, cluster, wrapper } = found;
    const task = readTask(found.task, findTaskFacts(found.task.action, providers.get(runtime.provider)));
    const stored = wrapper.nodes.find((node) => node.nodeId === task.nodeId) ?? null;
    if (task.nodeId !== null && stored === null) {
      throw new WindlassError(
        'not-found',
        `task ${task.taskId} names the node ${task.nodeId}, which is not stored`,
        {
          code: 'NODE_NOT_FOUND',
        },
      );
    }
    const keys = stored === null ? null : await nodeKeys.load(cluster.clusterId, stored.nodeId);
    for (const key of [keys?.clientPrivateKey, keys?.hostPrivateKey])
      if (key !== undefined) redactor.register(key);
    const jumpHost = await findJumpHost(found);
    const metadata = readMetadata(cluster);
    const access = keys === null || jumpHost === undefined ? keys : { ...keys, jumpHost };
    return {
      task,
      job,
      runtime,
      credential: openCredential(runtime, found.credential),
      cluster,
      node:
        stored === null || access === null
          ? null
          : {
              ...stored,
              ssh: { ...stored.ssh, hostKey: stored.ssh.hostKey || access.hostPublicKey },
            },
      role: stored === null ? null : (findNodeRole(wrapper.roles, stored) ?? null),
      access,
      ...(jumpHost === undefined ? {} : { jumpHost }),
      resources: Object.fromEntries(found.resources.map((resource) => [resource.kind, resource])),
      loadCluster: () => stores.clusters.load(cluster.clusterId),
      loadPackage: () => loadPackage(cluster.versionId),
      loadMetadata: () => metadata.readOwn(),
      loadRelatedMetadata: () => metadata.readRelated(),
      openSecret: (reference) => openSecret(cluster.clusterId, reference.$secret),
      loadChangedHostKey: () => nodeKeys.loadChangedHostKey(cluster.clusterId, stored?.nodeId ?? ''),
      loadSecretValues: () => loadSecretValues(cluster.clusterId),
    };
  }

  const toTask = async (found: TaskWithContext): Promise<{ context: TaskContext; provider: Provider }> => ({
    context: await toContext(found),
    provider: providers.get(found.runtime.provider),
  });

  return {
    loadTask: async (taskId) => toTask(await stores.tasks.loadWithContext(taskId)),
    beginTask: async (taskId) => toTask(await stores.tasks.loadWithContext(taskId, new Date().toISOString())),
    openCredential,
    loadRuntime,
    loadPackage,
    openSecret,
    registerSecrets,
  };
}

/** How the nodes of a runtime are reached. */
export function nodeAccessOf(provider: Provider, runtime: Pick<Runtime, 'settings'>): NodeAccessWay {
  return provider.nodeAccess?.(runtime) ?? provider.capabilities.nodeAccess;
}

function noFrontgate(task: StoredTask, vpcId: string): WindlassError {
  return new WindlassError(
    'unavailable',
    `${task.label} is behind the frontgate of VPC ${JSON.stringify(vpcId)}, and there is none now`,
    {
      code: 'FRONTGATE_UNAVAILABLE',
      hint: 'starting the cluster brings it back; `windlass job list` shows the jobs of the frontgate itself',
    },
  );
}
