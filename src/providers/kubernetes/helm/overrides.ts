import type { WorkloadOverride } from '../release-tasks.ts';
/** No node of Kubernetes has this label: as a node selector it stops a DaemonSet, which has no count. */
export const STOPPED_NODE_LABEL = 'windlass/stopped';

interface Target {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown };
  spec?: null | {
    replicas?: number;
    template?: {
      spec?: null | {
        nodeSelector?: object;
        containers?: { resources?: { requests?: object; limits?: object } }[];
      };
    };
  };
}

/** Changes an object in place as the override of its kind and name says; other objects are not changed. */
export function applyOverride(object: unknown, overrides: readonly WorkloadOverride[]): boolean {
  if (typeof object !== 'object' || object === null) return false;
  const target = object as Target;
  const override = overrides.find(({ kind, name }) => kind === target.kind && name === target.metadata?.name);
  if (override === undefined || typeof target.spec !== 'object' || target.spec === null) return false;
  if (override.replicas !== undefined) target.spec.replicas = override.replicas;
  if (override.stopped === true) stop(override.kind, target.spec);
  else letStart(target.spec);
  const container = target.spec.template?.spec?.containers?.[0];
  if (container !== undefined && (override.requests !== undefined || override.limits !== undefined)) {
    const { requests, limits } = override;
    container.resources = {
      ...container.resources,
      ...(requests === undefined ? {} : { requests: { ...container.resources?.requests, ...requests } }),
      ...(limits === undefined ? {} : { limits: { ...container.resources?.limits, ...limits } }),
    };
  }
  return true;
}

function stop(kind: string, spec: NonNullable<Target['spec']>): void {
  if (kind !== 'DaemonSet') {
    spec.replicas = 0;
    return;
  }
  const pod = spec.template?.spec;
  if (pod !== undefined && pod !== null)
    pod.nodeSelector = { ...pod.nodeSelector, [STOPPED_NODE_LABEL]: 'true' };
}

/** A manifest of a revision that was made while the cluster was stopped has this label. */
function letStart(spec: NonNullable<Target['spec']>): void {
  const pod = spec.template?.spec;
  const selector = { ...(pod?.nodeSelector as Record<string, unknown> | undefined) };
  if (pod === undefined || pod === null || selector[STOPPED_NODE_LABEL] === undefined) return;
  delete selector[STOPPED_NODE_LABEL];
  if (Object.keys(selector).length === 0) delete pod.nodeSelector;
  else pod.nodeSelector = selector;
}
