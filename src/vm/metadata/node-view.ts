import { escapeForYaml, flattenTree, type OpenTree } from '../../confd/index.ts';
import type { MetadataTree } from '../../domain/index.ts';
import type { RelatedMetadata } from '../../provider/index.ts';
import { openTree, type OpenSecret } from './open-tree.ts';

/** The metadata of the nodes of a cluster: one root, `self`, and with root access `clusters` beside it. */
export interface MetadataSources {
  /** The cluster's own registered tree. */
  readonly tree: MetadataTree;
  /** Registered trees of other clusters that it may see. */
  readonly related: readonly RelatedMetadata[];
  readonly openSecret: OpenSecret;
  readonly rootAccess: boolean;
}

/** The metadata of one node. */
export interface NodeMetadata {
  /**
   * A JSON document with one leaf on each line; YAML readers, and so confd's file backend, read the same
   * from it.
   */
  readonly json: string;
  /** Its leaves by path, for templates. */
  readonly values: ReadonlyMap<string, string>;
  /** The same as a tree. */
  readonly document: OpenTree;
}

/** The part that all nodes of a cluster share; by far the larger one. */
export interface SharedMetadata {
  /** @returns the node's metadata; a node that is not in the tree has an empty `host`. */
  forNode(nodeId: string): NodeMetadata;
}

/**
 * Renders the metadata of a cluster's nodes, once for all of them: a node adds only its own entry, `host`.
 * A link becomes the tree of the linked cluster; if that tree is not registered (the cluster is stopped),
 * it stays the cluster's id.
 *
 * @throws the errors of openSecret.
 */
export async function shareMetadata(sources: MetadataSources): Promise<SharedMetadata> {
  const own = await openTree(sources.tree, sources.openSecret);
  const related = await Promise.all(
    sources.related.map(async (other) => ({ ...other, open: await openTree(other.tree, other.openSecret) })),
  );
  const links = { ...(isOpenTree(own['links']) ? own['links'] : {}) };
  for (const { links: names, open } of related) {
    for (const name of names) links[name] = open;
  }
  const self: OpenTree = Object.keys(links).length === 0 ? own : { ...own, links };
  const clusters = sources.rootAccess ? listClusters(own, related) : null;
  const beside: OpenTree = clusters === null ? {} : { clusters };
  const hosts = indexHosts(own);
  // Shared by every node of the cluster: the differing part is inserted.
  const sharedJson = toJson({ self, ...beside });
  const afterHost = Object.keys(self).length === 0 ? '\n ' : ',';
  const values = flattenTree({ self, ...beside });
  return {
    forNode(nodeId) {
      const host = hosts.get(nodeId) ?? {};
      const hostJson = toJson({ self: { host } }).slice(OPENING.length, -CLOSING.length);
      return {
        json: `${OPENING}${hostJson}${afterHost}${sharedJson.slice(OPENING.length)}\n`,
        document: { self: { host, ...self }, ...beside },
        values: new Map([...values, ...flattenTree({ self: { host } })]),
      };
    },
  };
}

/** The cluster itself is among those that it may see. */
function listClusters(
  own: OpenTree,
  related: readonly { readonly clusterId: string; readonly open: OpenTree }[],
): OpenTree {
  const cluster = own['cluster'];
  const ownId = isOpenTree(cluster) ? cluster['cluster_id'] : undefined;
  return Object.fromEntries([
    ...(typeof ownId === 'string' ? [[ownId, own] as const] : []),
    ...related.map(({ clusterId, open }) => [clusterId, open] as const),
  ]);
}

/** Every host of a tree by its node id. */
function indexHosts(tree: OpenTree): ReadonlyMap<string, OpenTree> {
  const hosts = new Map<string, OpenTree>();
  const visit = (branch: OpenTree): void => {
    const nodeId = branch['node_id'];
    if (typeof nodeId === 'string') {
      if (!hosts.has(nodeId)) hosts.set(nodeId, branch);
      return;
    }
    for (const child of Object.values(branch)) {
      if (isOpenTree(child)) visit(child);
    }
  };
  for (const name of ['hosts', 'adding-hosts', 'deleting-hosts']) {
    const branch = tree[name];
    if (isOpenTree(branch)) visit(branch);
  }
  return hosts;
}

/** The beginning of every document, and the end of one that has only `self`. */
const OPENING = '{\n "self": {';
const CLOSING = '\n }\n}';

/**
 * One leaf on each line, so that people and line-based tools of small images can read it; indented by one,
 * because it is large.
 */
function toJson(tree: OpenTree): string {
  return escapeForYaml(JSON.stringify(tree, null, 1));
}

function isOpenTree(value: OpenTree | string | undefined): value is OpenTree {
  return typeof value === 'object';
}
