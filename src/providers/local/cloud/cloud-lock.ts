import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../../../domain/index.ts';
import { hasErrno } from './files.ts';

/** The longest wait for another worker's count, in milliseconds. */
const PATIENCE_MS = 20_000;

const turns = new Map<string, Promise<unknown>>();

/**
 * A lock for each local cloud, over all processes of this machine, for counting before creating. The lock
 * is a name in the kernel, so that it ends with the process that holds it. Where the kernel has no such
 * names (only Linux has), it works within one process.
 *
 * @throws unavailable `LOCAL_CLOUD_BUSY`
 */
export async function withCloudLock<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const turn = (turns.get(folder) ?? Promise.resolve()).then(async () => {
    const lock = await takeLock(folder);
    try {
      return await work();
    } finally {
      lock?.close();
    }
  });
  const settled = turn.catch(() => undefined);
  turns.set(folder, settled);
  try {
    return await turn;
  } finally {
    if (turns.get(folder) === settled) turns.delete(folder);
  }
}

async function takeLock(folder: string): Promise<Server | null> {
  if (process.platform !== 'linux') return null;
  const name = `\0windlass-${createHash('sha256').update(folder).digest('hex')}`;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const lock = await listen(name);
    if (lock !== null) return lock;
    if (Date.now() > deadline) {
      throw new WindlassError('unavailable', `another worker has held the lock of ${folder} for too long`, {
        code: 'LOCAL_CLOUD_BUSY',
      });
    }
    await sleep(5 + Math.random() * 20);
  }
}

function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (hasErrno(error, 'EADDRINUSE')) resolve(null);
      else reject(error);
    });
    server.listen(name, () => {
      resolve(server);
    });
  });
}
