// Runs one worker as a process of its own, so that a test can kill it. What the product's own
// `windlass worker` does, and the fault points beside it.
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.ts';
import { startWorker } from '../../src/worker/index.ts';
import { createInstantProvider } from '../fakes/instant-provider.ts';

const folder = process.env['WINDLASS_FAULT_FOLDER'];
const instant = process.env['WINDLASS_TEST_INSTANT'];

/**
 * Notes every point that is reached, and dies at those named in `<folder>/kill` at which nobody
 * has died yet. `<folder>/phase` says which action the test is in.
 */
async function faultPoint(name: string): Promise<void> {
  if (folder === undefined) return;
  const point = `${readFileSync(join(folder, 'phase'), 'utf8').trim()} ${name}`;
  appendFileSync(join(folder, 'reached'), `${point}\n`);
  if (!readFileSync(join(folder, 'kill'), 'utf8').split('\n').includes(point)) return;
  try {
    mkdirSync(join(folder, 'killed', encodeURIComponent(point)));
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
}

const worker = await startWorker(loadConfig(process.env), {
  faultPoint,
  providers: instant === undefined ? [] : [createInstantProvider(JSON.parse(instant))],
});
process.send?.('ready');
process.once('SIGTERM', () => void worker.stop());
await worker.stopped;
process.exit(0);
