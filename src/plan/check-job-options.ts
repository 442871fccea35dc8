import {
  MAX_NODE_CPUS,
  MAX_NODE_MEMORY_MIB,
  MAX_NODE_VOLUME_GIB,
  MAX_NODES,
  WindlassError,
  type ClusterWrapper,
  type JobAction,
  type JobOptions,
} from '../domain/index.ts';

/** The options of each action; an absent name has none. */
const TAKES: Readonly<Partial<Record<JobAction, readonly (keyof JobOptions)[]>>> = {
  delete: ['force'],
  upgrade: ['versionId', 'conf'],
  'update-env': ['conf'],
  'add-nodes': ['role', 'count'],
  'delete-nodes': ['role', 'count', 'nodeIds'],
  resize: ['sizes'],
  restart: ['roles'],
};

const SIZE_LIMITS: Readonly<Record<string, number>> = {
  cpu: MAX_NODE_CPUS,
  cpuLimit: MAX_NODE_CPUS,
  memoryMiB: MAX_NODE_MEMORY_MIB,
  memoryLimitMiB: MAX_NODE_MEMORY_MIB,
  volumeSizeGiB: MAX_NODE_VOLUME_GIB,
};

/**
 * Checks that the options are those that the action needs, for this cluster, before any provider is
 * called.
 *
 * @throws invalid-input `JOB_OPTIONS` naming the option as `field`.
 */
export function checkJobOptions(action: JobAction, options: JobOptions, cluster: ClusterWrapper): void {
  const taken = TAKES[action] ?? [];
  for (const name of Object.keys(options) as (keyof JobOptions)[]) {
    if (options[name] !== undefined && !taken.includes(name)) refuse(name, `is not an option of ${action}`);
  }
  if (action === 'upgrade' && (options.versionId ?? '') === '')
    refuse('versionId', 'is required: give the version to upgrade to');
  if (action === 'update-env' && Object.keys(options.conf ?? {}).length === 0) {
    refuse('conf', 'is required: give what to change');
  }
  if (action === 'add-nodes') {
    checkRole('role', options.role ?? '', cluster);
    checkCount(options.count ?? 0);
    const nodes = countNodes(cluster) + (options.count ?? 0);
    if (nodes > MAX_NODES) refuse('count', `makes a cluster of ${nodes} nodes; the limit is ${MAX_NODES}`);
  }
  if (action === 'delete-nodes') checkLeaving(options, cluster);
  if (action === 'resize') checkSizes(options, cluster);
  for (const role of options.roles ?? []) checkRole('roles', role, cluster);
}

function checkLeaving({ nodeIds = [], role, count }: JobOptions, cluster: ClusterWrapper): void {
  if (nodeIds.length === 0) {
    checkRole('role', role ?? '', cluster);
    checkCount(count ?? 0);
    return;
  }
  if (count !== undefined) refuse('count', 'cannot be given together with node ids');
  if (new Set(nodeIds).size < nodeIds.length) refuse('nodeIds', 'names a node twice');
  const unknown = nodeIds.find((id) => !cluster.nodes.some((node) => node.nodeId === id));
  if (unknown !== undefined) refuse('nodeIds', `names ${unknown}, which is not a node of the cluster`);
}

function checkSizes({ sizes = [] }: JobOptions, cluster: ClusterWrapper): void {
  if (sizes.length === 0) refuse('sizes', 'is required: give what to change');
  if (new Set(sizes.map(({ role }) => role)).size < sizes.length) refuse('sizes', 'names a role twice');
  for (const { role, ...values } of sizes) {
    checkRole('sizes', role, cluster);
    const numbers = Object.entries(values).filter((entry) => entry[1] !== undefined);
    if (numbers.length === 0) refuse('sizes', `has no change for role ${JSON.stringify(role)}`);
    for (const [name, value] of numbers) {
      if (!Number.isFinite(value) || value <= 0) refuse('sizes', `has a ${name} that is not above 0`);
      const limit = SIZE_LIMITS[name] ?? Number.MAX_SAFE_INTEGER;
      if (value > limit) refuse('sizes', `has a ${name} of ${value}; the limit is ${limit}`);
    }
  }
}

function checkRole(field: string, role: string, { roles }: ClusterWrapper): void {
  if (roles.some((known) => known.role === role)) return;
  const names = roles.map((known) => known.role).filter((name) => name !== '');
  refuse(field, `must be a role of the cluster${names.length === 0 ? '' : `: ${names.join(', ')}`}`);
}

function countNodes({ nodes }: ClusterWrapper): number {
  return nodes.filter((node) => node.status !== 'deleted').length;
}

function checkCount(count: number): void {
  if (!Number.isInteger(count) || count < 1) refuse('count', 'must be a whole number of at least 1');
}

function refuse(field: string, message: string): never {
  throw new WindlassError('invalid-input', `${field} ${message}`, {
    code: 'JOB_OPTIONS',
    field,
    hint: '`windlass cluster --help` shows what each command takes',
  });
}
