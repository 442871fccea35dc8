import { createHash } from 'node:crypto';
import { resolveEndpointPort } from '../../app-package/index.ts';
import type {
  ClusterNode,
  ClusterWrapper,
  Env,
  EnvValue,
  MetadataDirective,
  MetadataLeaf,
  MetadataTree,
} from '../../domain/index.ts';
import { findNodeRole, sortNodes } from '../../plan/index.ts';

/** The content of a tree besides the cluster itself. */
export interface MetadataOptions extends MetadataDirective {
  /** The runtime's zone. */
  readonly zone?: string;
  readonly userId?: string;
}

interface Branch {
  [key: string]: Branch | MetadataLeaf;
}

/**
 * The metadata of a cluster, the same for all its nodes. All leaves are strings; secrets stay
 * references. Deleted nodes are left out. Pure: the same cluster gives the same tree.
 */
export function buildMetadataTree(wrapper: ClusterWrapper, options: MetadataOptions = {}): MetadataTree {
  const nodes = sortNodes(wrapper.nodes.filter((node) => node.status !== 'deleted'));
  const tree: Branch = {
    hosts: buildHosts(wrapper, nodes),
    cluster: buildCluster(wrapper, options),
    env: buildEnv(wrapper),
  };
  const adding = nodes.filter((node) => options.addingHosts?.includes(node.nodeId));
  const deleting = nodes.filter((node) => options.deletingHosts?.includes(node.nodeId));
  if (adding.length > 0) tree['adding-hosts'] = buildHosts(wrapper, adding);
  if (deleting.length > 0) tree['deleting-hosts'] = buildHosts(wrapper, deleting);
  // For a linked cluster only its id: it has a tree of its own, which is inserted when a node gets the
  // metadata.
  const links = wrapper.links.map(({ name, targetClusterId }) => [name, targetClusterId] as const);
  if (links.length > 0) tree['links'] = Object.fromEntries(links);
  if (options.verticalScalingRoles !== undefined && options.verticalScalingRoles.length > 0) {
    tree['vertical-scaling-roles'] = options.verticalScalingRoles.join(',');
  }
  return tree;
}

function buildHosts(wrapper: ClusterWrapper, nodes: readonly ClusterNode[]): Branch {
  const hosts: Branch = {};
  for (const node of nodes) {
    // Until the cloud has named it, a node has its own id.
    const key = node.instanceId === '' ? node.nodeId : node.instanceId;
    const ofRole = node.role === '' ? hosts : (hosts[node.role] ??= {});
    (ofRole as Branch)[key] = buildHost(wrapper, node);
  }
  return hosts;
}

function buildHost(wrapper: ClusterWrapper, node: ClusterNode): Branch {
  const role = findNodeRole(wrapper.roles, node);
  const reservedIps = buildReservedIps(wrapper);
  return {
    ip: node.privateIp,
    eip: node.publicIp,
    mac: '',
    sid: String(node.serverId),
    gid: String(node.groupId),
    gsid: String(node.globalServerId),
    node_id: node.nodeId,
    instance_id: node.instanceId,
    cpu: String(role?.cpu ?? 0),
    gpu: String(role?.gpu ?? 0),
    memory: String(role?.memoryMiB ?? 0),
    volume_size: String(node.volumes.reduce((sum, volume) => sum + volume.sizeGiB, 0)),
    instance_class: String(role?.instanceClass ?? 0),
    gpu_class: String(role?.gpuClass ?? 0),
    volume_class: String(role?.volumes[0]?.volumeClass ?? 0),
    physical_machine: '',
    ...(node.role === '' ? {} : { role: node.role }),
    ...(node.passphraselessKey === '' ? {} : { pub_key: node.passphraselessKey }),
    ...(node.customToken === '' ? {} : { token: node.customToken }),
    ...(reservedIps === null ? {} : { reserved_ips: reservedIps }),
  };
}

function buildCluster(wrapper: ClusterWrapper, options: MetadataOptions): Branch {
  const { cluster } = wrapper;
  const endpoints: Branch = {};
  for (const endpoint of cluster.endpoints) {
    const port = resolveEndpointPort(wrapper, endpoint);
    // A reference that leads nowhere is shown unchanged, which makes the fault visible.
    endpoints[endpoint.name] = { port: String(port ?? endpoint.port), protocol: endpoint.protocol };
  }
  const reservedIps = buildReservedIps(wrapper);
  if (reservedIps !== null) endpoints['reserved_ips'] = reservedIps;
  return {
    app_id: cluster.appName,
    cluster_id: cluster.clusterId,
    user_id: options.userId ?? '',
    global_uuid: toGlobalUuid(cluster.clusterId),
    vxnet: cluster.subnetId,
    zone: options.zone ?? '',
    ...(Object.keys(endpoints).length === 0 ? {} : { endpoints }),
  };
}

function buildReservedIps(wrapper: ClusterWrapper): Branch | null {
  const entries = Object.entries(wrapper.cluster.reservedIps);
  return entries.length === 0 ? null : Object.fromEntries(entries.map(([name, value]) => [name, { value }]));
}

/** The cluster's values by key, those of a role under its name. */
function buildEnv(wrapper: ClusterWrapper): Branch {
  const env = toLeaves(wrapper.cluster.env);
  for (const role of wrapper.roles) {
    if (Object.keys(role.env).length === 0) continue;
    // The only role of a package without roles has no name of its own.
    if (role.role === '') Object.assign(env, toLeaves(role.env));
    else env[role.role] = toLeaves(role.env);
  }
  return env;
}

function toLeaves(env: Env): Branch {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, toLeaf(value)]));
}

function toLeaf(value: EnvValue): MetadataLeaf {
  if (value === null) return '';
  return typeof value === 'object' ? value : String(value);
}

function toGlobalUuid(clusterId: string): string {
  const hex = createHash('sha256').update(`global-uuid/${clusterId}`).digest('hex');
  // Version 8 and the RFC 9562 variant: a UUID made from a hash of our own.
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0b11) | 0b1000).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
