import { setTimeout as sleep } from 'node:timers/promises';
import { startCreate } from './jobs.ts';
import type { Bench, Finding, PartResult } from './part.ts';
import { percentile, round } from './statistics.ts';
import type { BenchWorker } from './workers.ts';

/** Every handle and every look takes this long, so that most kills fall into one. */
const LATENCY_MS = 300;
const TAKEOVER_LIMIT_MS = 120_000;

const SETTINGS = [
  { name: 'defaults (heartbeat 10 s, lease 15 s, sticky 10 s)', env: {} },
  {
    name: 'heartbeat 2 s, lease 3 s, sticky 2 s',
    env: {
      WINDLASS_HEARTBEAT_SECONDS: '2',
      WINDLASS_LEASE_SECONDS: '3',
      WINDLASS_STICKY_SECONDS: '2',
    },
  },
] as const;

/** A kill, and what the killed worker was in the middle of. */
interface Takeover {
  readonly lastPoint: string;
  readonly takeoverMs: number;
}

/**
 * From SIGKILL of the worker that works on a job to the next effect of that job by another one.
 * The job has one node, so that the other worker has nothing of it in hand when the first dies.
 */
export async function measureTakeover(bench: Bench): Promise<PartResult> {
  const findings: Finding[] = [];
  const raw: { setting: string; takeovers: readonly Takeover[] }[] = [];
  for (const setting of SETTINGS) {
    const takeovers = await killAndMeasure(bench, setting.env);
    const times = takeovers.map(({ takeoverMs }) => takeoverMs);
    raw.push({ setting: setting.name, takeovers });
    findings.push({
      what: `${takeovers.length} kills to the next effect, ${setting.name}`,
      value: [50, 99]
        .map((share) => `p${share} ${round(percentile(times, share / 100) / 1000)} s`)
        .join(', '),
    });
  }
  return { findings, raw };
}

interface Seen {
  readonly worker: BenchWorker;
  readonly name: string;
  readonly atMs: number;
}

async function killAndMeasure(bench: Bench, env: NodeJS.ProcessEnv): Promise<readonly Takeover[]> {
  const crew = new Set<BenchWorker>();
  let last: Seen | null = null;
  let onSeen: (seen: Seen) => void = () => {};
  const hire = async (): Promise<void> => {
    const worker = await bench.startWorker('windlass', {
      ...env,
      BENCH_POINTS: '1',
      BENCH_LATENCY_MS: String(LATENCY_MS),
    });
    crew.add(worker);
    worker.onPoint(({ name, atMs }) => {
      last = { worker, name, atMs };
      onSeen(last);
    });
  };
  const next = (is: (seen: Seen) => boolean): Promise<Seen> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('no worker took the job over in time')),
        TAKEOVER_LIMIT_MS,
      );
      onSeen = (seen) => {
        if (!is(seen)) return;
        clearTimeout(timer);
        onSeen = () => {};
        resolve(seen);
      };
    });

  const takeovers: Takeover[] = [];
  try {
    await Promise.all([hire(), hire()]);
    while (takeovers.length < bench.settings.kills) {
      const job = await startCreate(bench, 'instant', 1);
      let open = true;
      const ended = bench.stack.client.jobs.wait(job.jobId, { ...job, pollMs: 500 }).finally(() => {
        open = false;
      });
      // A few kills for each job, spread over its layers.
      while (open && takeovers.length < bench.settings.kills) {
        await sleep(500 + Math.random() * 1_500);
        const seen = last as Seen | null;
        if (!open || seen === null || !isOfTheWalk(seen.name)) continue;
        const killedAtMs = seen.worker.kill();
        crew.delete(seen.worker);
        const effect = next((other) => other.worker !== seen.worker && isEffect(other.name)).catch(
          (error: unknown) => {
            // The kill came after the last effect: there is no next one to wait for.
            if (open) throw error;
            return null;
          },
        );
        const taken = await Promise.race([effect, ended.then(() => null)]);
        if (taken !== null) {
          takeovers.push({ lastPoint: seen.name, takeoverMs: taken.atMs - killedAtMs });
          bench.report(`takeover ${takeovers.length}: ${taken.atMs - killedAtMs} ms after ${seen.name}`);
        }
        await hire();
      }
      const { status } = await ended;
      if (status !== 'successful') throw new Error(`${job.jobId} ${status} under kills`);
      last = null;
    }
  } finally {
    await Promise.all([...crew].map((worker) => worker.stop()));
  }
  return takeovers;
}

/** A provider's call has returned: what the job is for has moved on. */
function isEffect(point: string): boolean {
  return point.endsWith(':handled') || point.endsWith(':seen');
}

function isOfTheWalk(point: string): boolean {
  return /:(claimed|before-effect|after-effect|handled|looking|seen|stored)$/.test(point);
}
