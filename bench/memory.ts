import { setTimeout as sleep } from 'node:timers/promises';
import { startCreate } from './jobs.ts';
import type { Bench, Finding, PartResult } from './part.ts';
import { round } from './statistics.ts';

const NODES = 3;
/** For the jobs to arrive where they hang, and the collector to have run. */
const SETTLE_MS = 5_000;

/** Resident memory of one worker while so many jobs are open, all waiting for their instances. */
export async function measureMemory(bench: Bench): Promise<PartResult> {
  const worker = await bench.startWorker('windlass');
  const raw: { jobs: number; rssBytes: number }[] = [];
  const open: string[] = [];
  try {
    for (const jobs of [0, ...bench.settings.memoryJobs]) {
      while (open.length < jobs) open.push((await startCreate(bench, 'instant-hang', NODES)).jobId);
      await untilAllWait(bench, open);
      await sleep(SETTLE_MS);
      raw.push({ jobs, rssBytes: await worker.measureMemory() });
    }
    for (const jobId of open) await bench.stack.client.jobs.cancel(jobId);
  } finally {
    await worker.stop();
  }
  const findings = raw.map(({ jobs, rssBytes }): Finding => ({
    what: `memory of a worker with ${jobs} jobs of ${NODES} nodes`,
    value: `${round(rssBytes / 2 ** 20, 0)} MiB`,
  }));
  return { findings, raw };
}

async function untilAllWait(bench: Bench, jobIds: readonly string[]): Promise<void> {
  for (const jobId of jobIds) {
    for (;;) {
      const { layers } = await bench.stack.client.jobs.describe(jobId);
      const tasks = layers.flatMap((layer) => layer.tasks);
      if (tasks.some(({ action, status }) => action === 'RunInstances' && status === 'working')) break;
      await sleep(200);
    }
  }
}
