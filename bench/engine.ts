import type { Client } from '@temporalio/client';
import { runBare, toBareInput } from './bare/run-bare.ts';
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
