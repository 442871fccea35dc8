import { mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { WindlassError } from '../domain/index.ts';

const LOOPBACK = '127.0.0.1';

/** Whether a server could listen there now. */
export function isPortFree(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that nothing uses, chosen by the system. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: LOOPBACK }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}

/**
 * The port to serve on: the user's where one was chosen, else the preferred one, else any free one.
 * @throws conflict `PORT_TAKEN` when the user's is in use
 */
export async function choosePort(
  request: { readonly chosen?: number; readonly preferred: number; readonly what: string },
  report: (line: string) => void,
): Promise<number> {
  const { chosen, preferred, what } = request;
  if (chosen !== undefined) {
    if (await isPortFree(chosen)) return chosen;
    throw new WindlassError('conflict', `port ${chosen} of ${LOOPBACK}, wanted for ${what}, is in use`, {
      code: 'PORT_TAKEN',
      hint: 'end the program that uses it, or choose another port',
    });
  }
  if (await isPortFree(preferred)) return preferred;
  const port = await findFreePort();
  report(`port ${preferred} is in use; ${what} takes ${port}`);
  return port;
}

/**
 * @throws quota `DISK_FULL` when the file system of `folder` (made when absent) has less room than that;
 *   permission `FOLDER_NOT_WRITABLE` when it cannot be made
 */
export function requireDiskSpace(folder: string, neededMiB: number): void {
  let freeMiB: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = statfsSync(folder);
    freeMiB = Math.floor((bavail * bsize) / 1024 ** 2);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOSPC') throw diskFull(folder, 0, neededMiB);
    throw new WindlassError('permission', `the folder ${folder} cannot be made or read (${code})`, {
      code: 'FOLDER_NOT_WRITABLE',
      hint: 'set WINDLASS_HOME and WINDLASS_CACHE to folders of yours',
      cause: error,
    });
  }
  if (freeMiB < neededMiB) throw diskFull(folder, freeMiB, neededMiB);
}

function diskFull(folder: string, freeMiB: number, neededMiB: number): WindlassError {
  return new WindlassError(
    'quota',
    `the disk of ${folder} has ${freeMiB} MiB free, ${neededMiB} MiB are needed`,
    {
      code: 'DISK_FULL',
      hint: 'free some space, or point WINDLASS_HOME and WINDLASS_CACHE to another disk',
    },
  );
}

/** @throws unavailable `LOOPBACK_RANGE` when this machine does not listen on the given loopback address */
export async function requireLoopbackAddress(address: string): Promise<void> {
  if (await isPortFree(0, address)) return;
  throw new WindlassError(
    'unavailable',
    `this machine does not serve on ${address}, so nodes cannot have addresses of their own`,
    {
      code: 'LOOPBACK_RANGE',
      hint:
        process.platform === 'darwin'
          ? `add the addresses first, e.g. sudo ifconfig lo0 alias ${address} up`
          : 'bring the loopback interface up with its whole range 127.0.0.0/8',
    },
  );
}
