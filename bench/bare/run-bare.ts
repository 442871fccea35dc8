import type { Client } from '@temporalio/client';
import { findCoreFacts } from '../../src/domain/index.ts';
import { sliceStep } from '../../src/plan/index.ts';
import type { JobView, LayerView } from '../../src/protocol/index.ts';
import { BARE_WORKFLOW_QUEUE, type BareInput, type BareLayer } from './messages.ts';

/** The bare workflow that does as much as a job of windlass: the same steps, lanes and slices. */
export function toBareInput({ steps, layers }: Pick<JobView, 'steps' | 'layers'>): BareInput {
  return {
    steps: steps.map(({ index, title, runs, lanes, layers: places }) => {
      const own = places.flatMap((place) => layers.filter((layer) => layer.index === place));
      const count = lanes?.count ?? 1;
      const mostTasks = own.reduce((sum, { total }) => sum + Math.ceil(total / count), 0);
      const cut = sliceStep({
        index,
        title,
        runs,
        layers: own,
        lanes: lanes === null ? null : { ...lanes, mostTasks },
      });
      return {
        layers: own.map(toBareLayer),
        slices: cut.slices.map(({ from, to }) => to - from),
        slicesAtOnce: cut.slicesAtOnce,
        lanes: lanes === null ? null : { count, atOnce: cut.lanesAtOnce },
      };
    }),
  };
}

function toBareLayer({ name, total, tasks }: LayerView): BareLayer {
  const action = tasks[0]?.action ?? name.split(' ')[0] ?? '';
  const facts = findCoreFacts(action);
  if (facts === undefined) throw new Error(`the layer ${name} has no action that the bench knows`);
  return {
    total,
    target: facts.by === 'node' ? 'node' : 'cloud',
    handle: facts.wait !== 'only',
    wait: facts.wait !== 'never',
  };
}

/** Runs a bare workflow to its end. @returns its id. */
export async function runBare(temporal: Client, input: BareInput, workflowId: string): Promise<string> {
  await temporal.workflow.execute('runBareJob', {
    workflowId,
    taskQueue: BARE_WORKFLOW_QUEUE,
    args: [input],
  });
  return workflowId;
}
