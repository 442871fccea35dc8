// Runs beside the worker's event loop and ends the process when that is blocked.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { createStandstillMeter, LOOKS_PER_SECOND, type WatchdogData } from './standstill.ts';

const STDERR = 2;
const { counter, limitSeconds } = workerData as WatchdogData;
const beats = new Int32Array(counter);
const meter = createStandstillMeter(limitSeconds * 1000);

setInterval(() => {
  if (!meter.look(Atomics.load(beats, 0), performance.now())) return;
  const line = {
    level: 'fatal',
    time: new Date().toISOString(),
    msg: `this worker's event loop has been blocked for ${limitSeconds} s: ending the process`,
  };
  // Not through the stream of stderr, which needs the event loop.
  writeSync(STDERR, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, 'SIGKILL');
}, 1000 / LOOKS_PER_SECOND);
