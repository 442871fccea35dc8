// One worker as a process of its own: windlass as it is, with providers that do nothing, or bare.
import { loadConfig } from '../src/config/index.ts';
import { startWorker } from '../src/worker/index.ts';
import { createInstantProvider } from '../test/fakes/instant-provider.ts';
import { startBareWorker } from './bare/start-bare-worker.ts';
import type { WorkerMessage } from './workers.ts';

const send = (message: WorkerMessage): void => void process.send?.(message);
const latencyMs = Number(process.env['BENCH_LATENCY_MS'] ?? 0);

async function start(): Promise<{ stop(): Promise<void>; stopped: Promise<void> }> {
  const config = loadConfig(process.env);
  if (process.env['BENCH_ROLE'] === 'bare') return startBareWorker(config);
  return startWorker(config, {
    providers: [
      createInstantProvider({ name: 'instant', handles: 'done', latencyMs }),
      createInstantProvider({ name: 'instant-no-ledger', handles: 'done', ledger: false, latencyMs }),
      createInstantProvider({ name: 'instant-hang', hangOn: { action: 'RunInstances', in: 'wait' } }),
    ],
    ...(process.env['BENCH_POINTS'] === undefined
      ? {}
      : { faultPoint: async (name: string) => send({ kind: 'point', name, atMs: Date.now() }) }),
  });
}

const worker = await start();
process.on('message', (message) => {
  if (message === 'memory') send({ kind: 'memory', rssBytes: process.memoryUsage.rss() });
});
process.once('SIGTERM', () => void worker.stop());
process.once('disconnect', () => void worker.stop());
send({ kind: 'ready' });
await worker.stopped;
process.exit(0);
