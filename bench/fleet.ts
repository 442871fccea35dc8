import type { Client } from '@temporalio/client';
import { jobWorkflowId } from '../src/protocol/index.ts';
import { runBare, toBareInput } from './bare/run-bare.ts';
import { createCluster, startCreate } from './jobs.ts';
import type { Bench, PartResult } from './part.ts';
import { round } from './statistics.ts';

const NODES = 3;
/** How long a fleet may take, beside as many bare workflows. */
const AIM_RATIO = 1;

/**
 * Creates of many clusters at once, on one worker and a provider whose effects are there at once, beside as
 * many bare workflows at once. Both from the first call of the client to the end of the last workflow, so
 * the requests and checks before a job count for windlass. Then the memory of the worker.
 */
export async function measureFleet(bench: Bench, temporal: Client): Promise<PartResult> {
  const { fleet } = bench.settings;
  const windlass = await bench.startWorker('windlass');
  const bare = await bench.startWorker('bare');
  try {
    const input = toBareInput(await createCluster(bench, 'instant', NODES));
    const all = Array.from({ length: fleet }, (_, number) => number);
    const bareMs = await time(all, (number) => runBare(temporal, input, `bare/fleet/${number}`));
    bench.report(`fleet, ${fleet} bare workflows: ${bareMs} ms`);
    const windlassMs = await time(all, async () => {
      const { clusterId } = await startCreate(bench, 'instant', NODES);
      await temporal.workflow.getHandle(jobWorkflowId(clusterId)).result();
    });
    bench.report(`fleet, ${fleet} clusters: ${windlassMs} ms`);
    const rssBytes = await windlass.measureMemory();
    const ratio = windlassMs / bareMs;
    return {
      findings: [
        {
          what: `${fleet} creates of ${NODES} nodes at once`,
          value: `${round(windlassMs / 1000)} s, bare ${round(bareMs / 1000)} s: ${round(ratio)} ×`,
          aim: `≤ ${AIM_RATIO} × bare`,
          met: ratio <= AIM_RATIO,
        },
        { what: `memory of the worker after ${fleet} creates`, value: `${round(rssBytes / 2 ** 20, 0)} MiB` },
      ],
      raw: { fleet, bareMs, windlassMs, rssBytes },
    };
  } finally {
    await Promise.all([windlass.stop(), bare.stop()]);
  }
}

async function time(all: readonly number[], work: (number: number) => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await Promise.all(all.map(work));
  return Math.round(performance.now() - begun);
}
