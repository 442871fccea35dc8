import { executeChild, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import {
  BARE_EFFECTS_QUEUE,
  BARE_NODES_QUEUE,
  BARE_WAITS_QUEUE,
  BARE_WORKFLOW_QUEUE,
  type BareInput,
  type BareLayer,
} from './messages.ts';

interface Empty {
  empty(): Promise<void>;
}

const on = (taskQueue: string): Empty =>
  proxyActivities<Empty>({ taskQueue, startToCloseTimeout: '2 minutes', heartbeatTimeout: '10 seconds' });
const bookkeeping = proxyActivities<Empty>({
  taskQueue: BARE_WORKFLOW_QUEUE,
  startToCloseTimeout: '1 minute',
});
const local = proxyLocalActivities<Empty>({ startToCloseTimeout: '30 seconds' });
const nodes = on(BARE_NODES_QUEUE);
const effects = on(BARE_EFFECTS_QUEUE);
const waits = on(BARE_WAITS_QUEUE);

/** As many activities as a job has, in the same layers, slices and queues, and nothing else. */
export async function runBareJob(input: BareInput): Promise<void> {
  await bookkeeping.empty();
  await effects.empty();
  for (const layer of input.layers) {
    if (layer.total > input.sliceTasks) await walkSlices(layer, input);
    else await walkBareSlice(layer);
  }
  await effects.empty();
}

export async function walkBareSlice(layer: BareLayer): Promise<void> {
  await local.empty();
  const handles = layer.target === 'node' ? nodes : effects;
  const looks = layer.target === 'node' ? nodes : waits;
  const walk = async (): Promise<void> => {
    if (layer.handle) await handles.empty();
    await looks.empty();
  };
  await Promise.all(Array.from({ length: layer.total }, walk));
}

async function walkSlices(layer: BareLayer, { sliceTasks, windowSlices }: BareInput): Promise<void> {
  const sizes: number[] = [];
  for (let left = layer.total; left > 0; left -= sliceTasks) sizes.push(Math.min(left, sliceTasks));
  const walkNext = async (): Promise<void> => {
    for (let total = sizes.shift(); total !== undefined; total = sizes.shift())
      await executeChild(walkBareSlice, { args: [{ ...layer, total }] });
  };
  await Promise.all(Array.from({ length: windowSlices }, walkNext));
}
