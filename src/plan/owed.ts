import {
  WindlassError,
  type Cluster,
  type PastTask,
  type TaskAction,
  type TaskActionFacts,
} from '../domain/index.ts';

/** A once-only task that some job planned, and that no job has done. */
export interface OwedTask {
  readonly nodeId: string | null;
  readonly label: string;
  readonly action: TaskAction;
  /** How its attempts have ended, the oldest first. */
  readonly attempts: readonly PastTask[];
}

/** The once-only tasks of a cluster that earlier jobs have left undone, in the order of their plans. */
export function listOwed(past: readonly PastTask[]): readonly OwedTask[] {
  const attempts = new Map<string, PastTask[]>();
  for (const task of past) {
    const key = `${task.action} ${task.nodeId ?? ''}`;
    attempts.set(key, [...(attempts.get(key) ?? []), task]);
  }
  return [...attempts.values()].flatMap((tasks) => {
    const [first] = tasks;
    if (first === undefined || tasks.some(({ end }) => end === 'done')) return [];
    const { nodeId, label, action } = first;
    return [{ nodeId, label, action, attempts: tasks }];
  });
}

/**
 * Refuses to continue with a cluster whose resources were never all created: there is nothing to start.
 * Once-only tasks on nodes can be completed by the planner of node tasks.
 *
 * @param factsOf of the actions of the cluster's provider
 * @throws conflict `CLUSTER_NOT_WHOLE`
 */
export function refuseUnmade(
  cluster: Cluster,
  past: readonly PastTask[],
  factsOf: (action: TaskAction) => Pick<TaskActionFacts, 'by'>,
): void {
  const unmade = listOwed(past).filter(
    // A release that a later upgrade has completed is not installed again.
    ({ action, nodeId }) => factsOf(action).by === 'cloud' && !(nodeId === null && cluster.wasActive),
  );
  const begun = cluster.wasActive || past.some(({ end }) => end !== 'unbegun');
  if (begun && unmade.length === 0) return;
  const faults = unmade.map(
    ({ label, action, attempts }) => `${action} of ${label} ${describeAttempts(attempts)}`,
  );
  throw clusterNotWhole(cluster, begun ? faults : ['nothing of it was created']);
}

/** @param faults what is missing, one sentence each */
export function clusterNotWhole(
  { clusterId, name }: Pick<Cluster, 'clusterId' | 'name'>,
  faults: readonly string[],
): WindlassError {
  const shown = faults.slice(0, SHOWN_FAULTS).join('; ');
  const more = faults.length > SHOWN_FAULTS ? `; and ${faults.length - SHOWN_FAULTS} more` : '';
  return new WindlassError(
    'conflict',
    `cluster ${name} (${clusterId}) is incomplete, and this action cannot complete it: ${shown}${more}`,
    {
      code: 'CLUSTER_NOT_WHOLE',
      hint: `delete what was created with \`windlass cluster delete ${clusterId}\`, then create it again; if its provider supports it, \`windlass cluster recover ${clusterId}\` creates what is missing`,
      details: faults.map((message) => ({ message })),
    },
  );
}

const SHOWN_FAULTS = 5;

function describeAttempts(attempts: readonly PastTask[]): string {
  return attempts.every(({ end }) => end === 'unbegun') ? 'was never begun' : 'never succeeded';
}
