import type { Client } from '@temporalio/client';
import { findCoreFacts } from '../src/domain/index.ts';
import { sliceStep } from '../src/plan/index.ts';
import type { JobView, LayerView } from '../src/protocol/index.ts';
import { BARE_WORKFLOW_QUEUE, type BareInput, type BareLayer } from './bare/messages.ts';
import { createCluster, readDurationMs } from './jobs.ts';
import type { Bench, Finding, PartResult } from './part.ts';
import { median, round } from './statistics.ts';

const VARIANTS = ['bare', 'without ledger', 'with ledger'] as const;
type Variant = (typeof VARIANTS)[number];
const RUNTIME_OF = { 'without ledger': 'instant-no-ledger', 'with ledger': 'instant' } as const;

/** How much a task of a job may cost, beside a bare workflow with a handle and a wait for each task. */
const AIM_RATIO = 1;

interface Measured {
  readonly nodes: number;
  readonly tasks: number;
  /** Workflow start to close, for each round. */
  readonly elapsedMs: Readonly<Record<Variant, number[]>>;
}

/**
 * What a task costs in the engine: creates on a provider without effects, beside a bare workflow
 * that runs empty activities in the same steps, lanes, slices and queues, a handle and a wait for each
 * task. Effects that are there at once end in their handle in windlass, and have no wait. One after the
 * other in turns, so that what else the machine does falls on all alike.
 *
 * `with ledger` is the product. `without ledger` leaves out claims and leases, and shows what they cost.
 */
export async function measureEngine(bench: Bench, temporal: Client): Promise<PartResult> {
  const { rounds, sizes } = bench.settings;
  const windlass = await bench.startWorker('windlass');
  const bare = await bench.startWorker('bare');
  const measured: Measured[] = [];
  try {
    // The first job pays for what is compiled and cached once; its shape is what the bare one copies.
    await createCluster(bench, 'instant', 3);
    for (const nodes of sizes) measured.push(await measureSize(bench, temporal, nodes, rounds));
  } finally {
    await Promise.all([windlass.stop(), bare.stop()]);
  }
  return { findings: measured.flatMap(toFindings), raw: measured };
}

async function measureSize(bench: Bench, temporal: Client, nodes: number, rounds: number): Promise<Measured> {
  const elapsedMs: Record<Variant, number[]> = { bare: [], 'without ledger': [], 'with ledger': [] };
  const input = toBareInput(await createCluster(bench, 'instant-no-ledger', nodes));
  await runBare(temporal, input, `bare/${nodes}/warm`);
  for (let number = 1; number <= rounds; number++) {
    for (const variant of VARIANTS) {
      const workflowId =
        variant === 'bare'
          ? await runBare(temporal, input, `bare/${nodes}/${number}`)
          : (await createCluster(bench, RUNTIME_OF[variant], nodes)).workflowId;
      elapsedMs[variant].push(await readDurationMs(temporal, workflowId));
    }
    const last = VARIANTS.map((variant) => `${variant} ${elapsedMs[variant].at(-1)} ms`);
    bench.report(`engine, ${nodes} nodes, round ${number} of ${rounds}: ${last.join(', ')}`);
  }
  const tasks = input.steps.flatMap(({ layers }) => layers).reduce((sum, { total }) => sum + total, 0);
  return { nodes, tasks, elapsedMs };
}

function toBareInput({ steps, layers }: Pick<JobView, 'steps' | 'layers'>): BareInput {
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

async function runBare(temporal: Client, input: BareInput, workflowId: string): Promise<string> {
  await temporal.workflow.execute('runBareJob', {
    workflowId,
    taskQueue: BARE_WORKFLOW_QUEUE,
    args: [input],
  });
  return workflowId;
}

function toFindings({ nodes, tasks, elapsedMs }: Measured): readonly Finding[] {
  const medians = VARIANTS.map((variant) => [variant, median(elapsedMs[variant])] as const);
  const bareMs = median(elapsedMs.bare);
  return medians.map(([variant, ms]) => {
    const ratio = ms / bareMs;
    const aimed = variant === 'with ledger';
    return {
      what: `create of ${nodes} nodes (${tasks} tasks), ${variant}`,
      value: `${round(ms / tasks)} ms per task${variant === 'bare' ? '' : `, ${round(ratio)} × bare`}`,
      ...(aimed ? { aim: `≤ ${AIM_RATIO} × bare`, met: ratio <= AIM_RATIO } : {}),
    };
  });
}
