// Runs one worker as a process of its own, so that a test can kill it: the same as the product's `windlass
// worker`, with fault points.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.ts';
import { startWorker } from '../../src/worker/index.ts';
import { createInstantProvider } from '../fakes/instant-provider.ts';

const folder = process.env['WINDLASS_FAULT_FOLDER'];
const instant = process.env['WINDLASS_TEST_INSTANT'];

/**
 * Records every point that is reached. Dies at those in `<folder>/kill` at which no worker has died yet,
 * and freezes at those in `<folder>/freeze` until the test continues it. `<folder>/phase` says which
 * action the test is in.
 */
async function faultPoint(name: string): Promise<void> {
  if (folder === undefined) return;
  const point = `${readFileSync(join(folder, 'phase'), 'utf8').trim()} ${name}`;
  appendFileSync(join(folder, 'reached'), `${point}\n`);
  if (isFirstAt(folder, 'freeze', point)) {
    writeFileSync(join(folder, 'freeze.reached', encodeURIComponent(point), 'pid'), String(process.pid));
    process.kill(process.pid, 'SIGSTOP');
  }
  if (isFirstAt(folder, 'kill', point)) {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  }
}

/** Whether a point is armed and no process was there before: a folder can be created once. */
function isFirstAt(faults: string, list: 'freeze' | 'kill', point: string): boolean {
  if (!readFileSync(join(faults, list), 'utf8').split('\n').includes(point)) return false;
  try {
    mkdirSync(join(faults, `${list}.reached`, encodeURIComponent(point)));
    return true;
  } catch {
    return false;
  }
}

const worker = await startWorker(loadConfig(process.env), {
  faultPoint,
  providers: instant === undefined ? [] : [createInstantProvider(JSON.parse(instant))],
});
process.send?.('ready');
// Node writes it when a process exits; a killed one would leave nothing for the next.
flushCompileCache();
process.once('SIGTERM', () => void worker.stop());
await worker.stopped;
process.exit(0);
