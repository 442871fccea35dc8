import { Worker } from 'node:worker_threads';
import { LOOKS_PER_SECOND, type WatchdogData } from './standstill.ts';

/**
 * Ends this process (SIGKILL, after one line on stderr) when its event loop is blocked for `limitSeconds`:
 * it then neither works nor sends heartbeats, and nothing in it could end it. Its work continues on other
 * workers. A process that is merely suspended is left alone. 0: no watchdog.
 *
 * @returns a function that ends the watch
 */
export function startWatchdog(limitSeconds: number): () => Promise<void> {
  if (limitSeconds === 0) return async () => {};
  const counter = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const beats = new Int32Array(counter);
  const timer = setInterval(() => Atomics.add(beats, 0, 1), 1000 / LOOKS_PER_SECOND);
  timer.unref();
  const workerData: WatchdogData = { counter, limitSeconds };
  const thread = new Worker(new URL(`./watchdog-thread${EXTENSION}`, import.meta.url), { workerData });
  thread.unref();
  return async () => {
    clearInterval(timer);
    await thread.terminate();
  };
}

/** The sources are TypeScript; a build has JavaScript. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
