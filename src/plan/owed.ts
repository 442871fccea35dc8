import {
  TASK_ACTIONS,
  WindlassError,
  type Cluster,
  type OnceAction,
  type PastTask,
} from '../domain/index.ts';

/** A task that some job planned, that is owed once, and that no job has done. */
export interface OwedTask {
  readonly nodeId: string | null;
  readonly label: string;
  readonly action: OnceAction;
  /** How its tries have ended, the oldest first. */
  readonly tries: readonly PastTask[];
}

/** What earlier jobs have left undone of what a cluster is owed once, in the order of their plans. */
export function listOwed(past: readonly PastTask[]): readonly OwedTask[] {
  const tries = new Map<string, PastTask[]>();
  for (const task of past) {
    const key = `${task.action} ${task.nodeId ?? ''}`;
    tries.set(key, [...(tries.get(key) ?? []), task]);
  }
  return [...tries.values()].flatMap((tasks) => {
    const [first] = tasks;
    if (first === undefined || tasks.some(({ end }) => end === 'done')) return [];
    const { nodeId, label, action } = first;
    return [{ nodeId, label, action, tries: tasks }];
  });
}

/**
 * Refuses to go on with a cluster whose resources were never all made: there is nothing to start.
 * What is owed on nodes can be made good, by those who plan what happens on nodes.
 *
 * @throws conflict `CLUSTER_NOT_WHOLE`
 */
export function refuseUnmade(cluster: Cluster, past: readonly PastTask[]): void {
  const unmade = listOwed(past).filter(
    // A release that a later upgrade has made whole is not installed again.
    ({ action, nodeId }) => TASK_ACTIONS[action].by === 'cloud' && !(nodeId === null && cluster.wasActive),
  );
  const begun = cluster.wasActive || past.some(({ end }) => end !== 'unbegun');
  if (begun && unmade.length === 0) return;
  const faults = unmade.map(({ label, action, tries }) => `${action} of ${label} ${describeTries(tries)}`);
  throw clusterNotWhole(cluster, begun ? faults : ['nothing of it was made']);
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
    `cluster ${name} (${clusterId}) is not whole, and this cannot make it so: ${shown}${more}`,
    {
      code: 'CLUSTER_NOT_WHOLE',
      hint: `take away what was made with \`windlass cluster delete ${clusterId}\`, then create it again; where its provider can, \`windlass cluster recover ${clusterId}\` makes what is missing`,
      details: faults.map((message) => ({ message })),
    },
  );
}

const SHOWN_FAULTS = 5;

function describeTries(tries: readonly PastTask[]): string {
  return tries.every(({ end }) => end === 'unbegun') ? 'was never begun' : 'never succeeded';
}
