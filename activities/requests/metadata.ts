import {
  findCoreFacts,
  readTask,
  WindlassError,
  type ClusterNode,
  type SecretReference,
} from '../../src/domain/index.ts';
import type { ClusterMetadata, Requests } from '../../src/protocol/index.ts';
import { shareMetadata } from '../../src/vm/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createMetadataReaders } from '../metadata-reader.ts';

/** Replaces a secret's value. */
const MASKED = '******';
/** A larger answer does not fit into a message of Temporal. */
const MAX_ANSWER_BYTES = 1_500_000;

type MetadataRequests = Pick<Requests, 'readMetadata'>;

export function createMetadataRequests(dependencies: ActivityDependencies): MetadataRequests {
  const { stores } = dependencies;
  const maskSecret = async (): Promise<string> => MASKED;
  const readers = createMetadataReaders(stores.clusters, maskSecret);

  /** The command that the node has to run now. */
  async function findCommand(clusterId: string, nodeId: string): Promise<ClusterMetadata | null> {
    const job = (await stores.jobs.listOpen()).find((open) => open.clusterId === clusterId);
    if (job === undefined) return null;
    const working = await stores.tasks.listByStatus(job.jobId, ['working']);
    for (const stored of working.filter((one) => one.nodeId === nodeId)) {
      // A provider's own actions run no command that the node is told of.
      const facts = findCoreFacts(stored.action);
      if (facts === undefined) continue;
      const { taskId, directive } = readTask(stored, facts);
      if (!('command' in directive)) continue;
      return { id: taskId, cmd: directive.command, timeout: String(directive.commandTimeoutSeconds) };
    }
    return null;
  }

  return {
    async readMetadata({ cluster: name, node: nodeName, path = '/' }) {
      const { cluster, nodes } = await stores.clusters.load((await stores.clusters.resolve(name)).clusterId);
      const node = nodeName === undefined ? null : findNode(nodes, nodeName, cluster.clusterId);
      const reader = readers(cluster);
      const tree = await reader.readOwn();
      if (tree === null) throw notRegistered(cluster.clusterId, cluster.status);
      const shared = await shareMetadata({
        tree,
        related: await reader.readRelated(),
        openSecret: (_reference: SecretReference) => maskSecret(),
        rootAccess: cluster.metadataRootAccess,
      });
      const { self, ...beside } = shared.forNode(node?.nodeId ?? '').document as Record<
        string,
        ClusterMetadata
      >;
      const { host, ...rest } = self ?? {};
      const command = node === null ? null : await findCommand(cluster.clusterId, node.nodeId);
      const shown: ClusterMetadata = {
        ...(node === null || host === undefined ? {} : { host }),
        ...rest,
        ...(command === null ? {} : { cmd: command }),
      };
      const answer = follow({ ...shown, ...beside, self: shown }, path, path === '/' ? shown : null);
      if (JSON.stringify(answer).length > MAX_ANSWER_BYTES) throw tooLarge();
      return answer;
    },
  };
}

function findNode(nodes: readonly ClusterNode[], name: string, clusterId: string): ClusterNode {
  const found = nodes.find(({ nodeId, instanceId }) => nodeId === name || instanceId === name);
  if (found !== undefined) return found;
  throw new WindlassError('not-found', `cluster ${clusterId} has no node ${name}`, {
    code: 'NODE_NOT_FOUND',
    field: 'node',
    hint: `windlass cluster describe ${clusterId} lists its nodes and instances`,
  });
}

/** The value at a path; keys may themselves look like paths. */
function follow(
  root: ClusterMetadata,
  path: string,
  whole: ClusterMetadata | null,
): ClusterMetadata | string {
  if (whole !== null) return whole;
  let at: ClusterMetadata | string = root;
  for (const key of path.split('/').filter((part) => part !== '')) {
    const next: ClusterMetadata | string | undefined =
      typeof at === 'string' || !Object.hasOwn(at, key) ? undefined : at[key];
    if (next === undefined) {
      const there = typeof at === 'string' ? [] : Object.keys(at);
      throw new WindlassError('not-found', `the metadata has no ${path}`, {
        code: 'METADATA_PATH',
        field: 'path',
        hint:
          there.length === 0
            ? `there is nothing below a value`
            : `available beside ${key}: ${there.slice(0, 20).join(', ')}`,
      });
    }
    at = next;
  }
  return at;
}

function notRegistered(clusterId: string, status: string): WindlassError {
  return new WindlassError(
    'conflict',
    `no metadata is registered for cluster ${clusterId}, which is ${status}`,
    {
      code: 'METADATA_MISSING',
      hint: 'a cluster has metadata from its creation, or start, until it is stopped',
    },
  );
}

function tooLarge(): WindlassError {
  return new WindlassError('invalid-input', `this is more than ${MAX_ANSWER_BYTES} bytes of metadata`, {
    code: 'METADATA_TOO_LARGE',
    field: 'path',
    hint: 'name a path, e.g. /cluster or /hosts/ROLE',
  });
}
