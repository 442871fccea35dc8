import type { ClusterWrapper, RoleSpec } from '../../domain/index.ts';
import { compareText } from '../../plan/index.ts';
import type { Container, KubeObject, Service, Workload } from './api/kube-types.ts';
import { isHook, nameOf } from './manifest.ts';
import { formatCpus, formatMiB } from './quantity.ts';
import type { WorkloadOverride } from './release-tasks.ts';

/** Kinds whose pods run permanently: windlass shows them as roles, and can stop, scale and restart them. */
export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

export function isWorkloadKind(kind: unknown): kind is WorkloadKind {
  return WORKLOAD_KINDS.some((known) => known === kind);
}

/** The workloads among rendered objects, by name; hooks do not count. */
export function listWorkloads(objects: readonly KubeObject[]): readonly Workload[] {
  return (objects as readonly Workload[])
    .filter((object) => isWorkloadKind(object.kind) && !isHook(object))
    .sort(
      (left, right) =>
        compareText(roleOf(left), roleOf(right)) || compareText(left.kind ?? '', right.kind ?? ''),
    );
}

function roleOf(workload: KubeObject): string {
  return nameOf(workload);
}

/** Role names by workload: the workload's own name, with its kind if two share one. */
export function nameRoles(workloads: readonly Workload[]): ReadonlyMap<Workload, string> {
  const counts = new Map<string, number>();
  for (const workload of workloads) counts.set(nameOf(workload), (counts.get(nameOf(workload)) ?? 0) + 1);
  return new Map(
    workloads.map((workload) => {
      const name = nameOf(workload);
      return [workload, counts.get(name) === 1 ? name : `${name}-${String(workload.kind).toLowerCase()}`];
    }),
  );
}

/** How many pods a workload asks for; a DaemonSet has one on each node, which counts as one. */
export function replicasOf(workload: Workload): number {
  if (workload.kind === 'DaemonSet') return 1;
  return workload.spec?.replicas ?? 1;
}

/** The container that a role's size applies to: the first. */
export function mainContainer(workload: Workload): Container | undefined {
  return workload.spec?.template?.spec?.containers?.[0];
}

/** The workload of a role; stored with the role. */
export interface WorkloadName {
  readonly kind: WorkloadKind;
  readonly name: string;
}

export function nameWorkload(workload: Workload): WorkloadName {
  return { kind: workload.kind as WorkloadKind, name: nameOf(workload) };
}

/** Null for a role that no chart has created. */
export function readWorkloadName(role: Pick<RoleSpec, 'extra'>): WorkloadName | null {
  const { kind, name } = role.extra;
  return isWorkloadKind(kind) && typeof name === 'string' ? { kind, name } : null;
}

/** Fields that the post-renderer sets so that the user's changes stay; ordered by name. */
export function toOverrides({
  roles,
  cluster,
}: Pick<ClusterWrapper, 'roles' | 'cluster'>): readonly WorkloadOverride[] {
  return roles
    .flatMap((role) => {
      const workload = readWorkloadName(role);
      const adjustment = cluster.adjustments.find((candidate) => candidate.role === role.role);
      if (workload === null || adjustment === undefined) return [];
      const { count, size = {} } = adjustment;
      const requests = toAmounts(size.cpu, size.memoryMiB);
      const limits = toAmounts(size.cpuLimit, size.memoryLimitMiB);
      if (count === undefined && requests === undefined && limits === undefined) return [];
      return [
        {
          ...workload,
          ...(count === undefined ? {} : { replicas: count }),
          ...(requests === undefined ? {} : { requests }),
          ...(limits === undefined ? {} : { limits }),
        },
      ];
    })
    .sort((left, right) => compareText(`${left.kind}/${left.name}`, `${right.kind}/${right.name}`));
}

function toAmounts(
  cpu: number | undefined,
  memoryMiB: number | undefined,
): Readonly<Record<string, string>> | undefined {
  if (cpu === undefined && memoryMiB === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpu: formatCpus(cpu) }),
    ...(memoryMiB === undefined ? {} : { memory: formatMiB(memoryMiB) }),
  };
}

/** The services among rendered objects, by name. */
export function listServices(objects: readonly KubeObject[]): readonly Service[] {
  return (objects as readonly Service[])
    .filter((object) => object.kind === 'Service' && object.apiVersion === 'v1' && !isHook(object))
    .sort((left, right) => compareText(nameOf(left), nameOf(right)));
}

/** Whether a service sends its traffic to the pods of a workload. */
export function selects(service: Service, workload: Workload): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  const labels = workload.spec?.template?.metadata?.labels ?? {};
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}
