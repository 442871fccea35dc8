import type {
  Cluster,
  ClusterFacts,
  ClusterNode,
  ClusterPlace,
  ClusterWrapper,
  NodeFacts,
  NodeVolume,
  ParsedCluster,
  VolumeSpec,
} from '../domain/index.ts';
import { chooseNodes } from './choose-nodes.ts';
import { findNodeRole } from '../plan/index.ts';
import { applyAdjustments } from './role-adjustments.ts';

/**
 * A cluster that is not stored yet: its parsed specs, and the facts of a cluster that was just requested.
 *
 * @throws invalid-input `ROLE_COUNT`
 */
export function newCluster(
  { place, cluster, roles, links }: ParsedCluster,
  given: Omit<ClusterFacts, keyof ClusterPlace | keyof typeof NEW_CLUSTER> & Partial<ClusterFacts>,
): ClusterWrapper {
  return assemble({ ...cluster, ...place, ...NEW_CLUSTER, ...given }, { roles, links, stored: [] });
}

const NEW_CLUSTER = {
  purpose: 'app',
  vpcId: '',
  status: 'pending',
  transitionStatus: null,
  conf: {},
  previous: null,
  adjustments: [],
  wasActive: false,
} as const satisfies Partial<ClusterFacts>;

/**
 * The desired cluster of a job, from the stored one and the parsed specs: everything that a provider
 * decides comes from `parsed`, adjusted by the user's changes; the facts so far are kept.
 *
 * @throws invalid-input `ROLE_COUNT`
 */
export function mergeWanted(
  stored: ClusterWrapper,
  parsed: ParsedCluster,
  change: Partial<ClusterFacts> = {},
): ClusterWrapper {
  return assemble(
    { ...stored.cluster, ...parsed.cluster, ...change },
    { roles: parsed.roles, links: parsed.links, stored: stored.nodes },
  );
}

function assemble(
  cluster: Cluster,
  parts: Pick<ParsedCluster, 'roles' | 'links'> & { readonly stored: readonly ClusterNode[] },
): ClusterWrapper {
  const { clusterId, adjustments } = cluster;
  const roles = applyAdjustments(parts.roles, adjustments).map((role) => ({ ...role, clusterId }));
  const leaving = new Map(adjustments.map(({ role, leavingServerIds = [] }) => [role, leavingServerIds]));
  const byId = new Map(parts.stored.map((node) => [node.nodeId, node]));
  return {
    cluster,
    roles,
    nodes: chooseNodes({ clusterId, roles, stored: parts.stored, leaving }).map((spec) => {
      const role = findNodeRole(roles, spec);
      const stored = byId.get(spec.nodeId);
      const volumes = (role?.volumes ?? []).map(
        (volume) => stored?.volumes.find(({ index }) => index === volume.index) ?? newVolume(volume),
      );
      return { ...NEW_NODE, clusterId, ...stored, ...spec, volumes };
    }),
    links: Object.entries(parts.links).map(([name, targetClusterId]) => ({
      clusterId,
      name,
      targetClusterId,
    })),
  };
}

/** The facts of a node of which nothing has been created. */
const NEW_NODE = {
  status: 'pending',
  instanceId: '',
  privateIp: '',
  publicIp: '',
  ssh: { port: 22, user: 'root', hostKey: '', root: '' },
  passphraselessKey: '',
  customToken: '',
} as const satisfies Partial<NodeFacts>;

function newVolume({ index, sizeGiB, mountPoint }: VolumeSpec): NodeVolume {
  return { index, volumeId: '', sizeGiB, device: '', mountPoint };
}

/** The part of a stored cluster that a job removes; it is stored until the job has succeeded. */
export interface Leaving {
  readonly nodeIds: readonly string[];
  /** Roles that exist only to describe nodes that are removed. */
  readonly roles: readonly string[];
}

/**
 * What is stored while a job changes a cluster: the desired one, and beside it the nodes that are removed
 * with what describes them, because tasks still work on them.
 */
export function joinLeaving(
  before: ClusterWrapper,
  wanted: ClusterWrapper,
): { readonly joined: ClusterWrapper; readonly leaving: Leaving } {
  const staying = new Set(wanted.nodes.map((node) => node.nodeId));
  const nodes = before.nodes.filter((node) => !staying.has(node.nodeId));
  const known = new Set(wanted.roles.map((role) => role.role));
  const roles = before.roles.filter(
    (role) => !known.has(role.role) && nodes.some((node) => findNodeRole(before.roles, node) === role),
  );
  return {
    joined: { ...wanted, roles: [...wanted.roles, ...roles], nodes: [...wanted.nodes, ...nodes] },
    leaving: { nodeIds: nodes.map((node) => node.nodeId), roles: roles.map((role) => role.role) },
  };
}

/** The desired cluster of a job, extracted from what is stored while it runs. */
export function withoutLeaving(stored: ClusterWrapper, leaving: Leaving): ClusterWrapper {
  return {
    ...stored,
    roles: stored.roles.filter((role) => !leaving.roles.includes(role.role)),
    nodes: stored.nodes.filter((node) => !leaving.nodeIds.includes(node.nodeId)),
  };
}
