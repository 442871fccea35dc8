import type { Client } from '@temporalio/client';
import { findCoreFacts } from '../src/domain/index.ts';
import { SLICE_TASKS } from '../src/plan/index.ts';
import type { LayerView } from '../src/protocol/index.ts';
import { BARE_WORKFLOW_QUEUE, type BareInput } from './bare/messages.ts';
import { createCluster, readDurationMs } from './jobs.ts';
import type { Bench, Finding, PartResult } from './part.ts';
import { median, round } from './statistics.ts';

const VARIANTS = ['bare', 'without ledger', 'with ledger'] as const;
type Variant = (typeof VARIANTS)[number];
const RUNTIME_OF = { 'without ledger': 'instant-no-ledger', 'with ledger': 'instant' } as const;

/** How much more than a bare workflow a task of a job may cost. */
const AIM_RATIO = 1.15;
/** As in workflows/walk-layer.ts. */
const WINDOW_SLICES = 10;

interface Measured {
  readonly nodes: number;
  readonly tasks: number;
  readonly activities: number;
  /** Workflow start to close, for each round. */
  readonly elapsedMs: Readonly<Record<Variant, number[]>>;
}

/**
 * What a task costs in the engine: creates on a provider without effects, beside a bare workflow
 * that runs as many empty activities in the same layers, slices and queues. One after the other in
 * turns, so that what else the machine does falls on all alike.
 *
 * `without ledger` holds everything but claims and leases: the job's own steps, the rows of tasks
 * (read, begun, changed, ended), heartbeats, summaries, groups. That is the engine part of the aim.
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
  const { layers } = await createCluster(bench, 'instant-no-ledger', nodes);
  const input = toBareInput(layers);
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
  const tasks = input.layers.reduce((sum, layer) => sum + layer.total, 0);
  const activities = input.layers.reduce((sum, { total, handle }) => sum + total * (handle ? 2 : 1), 0);
  return { nodes, tasks, activities, elapsedMs };
}

function toBareInput(layers: readonly LayerView[]): BareInput {
  return {
    sliceTasks: SLICE_TASKS,
    windowSlices: WINDOW_SLICES,
    layers: layers.map(({ name, total }) => {
      const { by, wait } = findCoreFacts(name.split(' ')[0] ?? '') ?? {};
      return { total, target: by === 'node' ? 'node' : 'cloud', handle: wait !== 'only' };
    }),
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
    const aimed = variant === 'without ledger';
    return {
      what: `create of ${nodes} nodes (${tasks} tasks), ${variant}`,
      value: `${round(ms / tasks)} ms per task${variant === 'bare' ? '' : `, ${round(ratio)} × bare`}`,
      ...(aimed ? { aim: `≤ ${AIM_RATIO} × bare`, met: ratio <= AIM_RATIO } : {}),
    };
  });
}
