import { executeChild, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import {
  BARE_EFFECTS_QUEUE,
  BARE_NODES_QUEUE,
  BARE_WAITS_QUEUE,
  BARE_WORKFLOW_QUEUE,
  type BareInput,
  type BareLayer,
  type BareStep,
} from './messages.ts';

interface Empty {
  empty(): Promise<void>;
}

const on = (taskQueue: string): Empty =>
  proxyActivities<Empty>({ taskQueue, startToCloseTimeout: '2 minutes', heartbeatTimeout: '10 seconds' });
const bookkeeping = on(BARE_WORKFLOW_QUEUE);
const local = proxyLocalActivities<Empty>({ startToCloseTimeout: '30 seconds' });
const nodes = on(BARE_NODES_QUEUE);
const effects = on(BARE_EFFECTS_QUEUE);
const waits = on(BARE_WAITS_QUEUE);

/**
 * The handles and waits of a job as plain activities, in the same steps, lanes, slices and queues, and
 * nothing else: every task that may have a wait has one here.
 */
export async function runBareJob({ steps }: BareInput): Promise<void> {
  await bookkeeping.empty();
  for (const step of steps) {
    const [size] = step.slices;
    if (size === undefined) continue;
    if (step.slices.length > 1) await walkSlices(step);
    else await walkBareSlice(step, size);
  }
  await bookkeeping.empty();
}

/** `size`: how many lanes, or tasks, of the step. */
export async function walkBareSlice({ layers, lanes }: BareStep, size: number): Promise<void> {
  await local.empty();
  if (lanes === null) {
    for (const layer of layers) await walkLayer(layer, size);
    return;
  }
  const { count } = lanes;
  await inWindow(Array.from({ length: size }), lanes.atOnce, async () => {
    for (const layer of layers) await walkLayer(layer, Math.round(layer.total / count));
  });
}

async function walkLayer({ target, handle, wait }: BareLayer, total: number): Promise<void> {
  const handles = target === 'node' ? nodes : effects;
  const polls = target === 'node' ? nodes : waits;
  const walk = async (): Promise<void> => {
    if (handle) await handles.empty();
    if (wait) await polls.empty();
  };
  await Promise.all(Array.from({ length: total }, walk));
}

function walkSlices(step: BareStep): Promise<void> {
  return inWindow(step.slices, step.slicesAtOnce, (size) =>
    executeChild(walkBareSlice, { args: [step, size] }),
  );
}

async function inWindow<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items.entries()];
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await work(one[1]);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, next));
}
