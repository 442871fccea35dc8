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

/** A free port, chosen by the system. */
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
 * The port to serve on: the user's if one was chosen, otherwise the preferred one, otherwise any free one.
 * @throws conflict `PORT_TAKEN` when the user's is in use
 */
export async function choosePort(
  request: { readonly chosen?: number; readonly preferred: number; readonly what: string },
  report: (line: string) => void,
): Promise<number> {
  const { chosen, preferred, what } = request;
  if (chosen !== undefined) {
    if (await isPortFree(chosen)) return chosen;
    throw new WindlassError('conflict', `port ${chosen} of ${LOOPBACK} for ${what} is in use`, {
      code: 'PORT_TAKEN',
      hint: 'end the program that uses it, or choose another port',
    });
  }
  if (await isPortFree(preferred)) return preferred;
  const port = await findFreePort();
  report(`port ${preferred} is in use; ${what} uses ${port}`);
  return port;
}

/** @throws unavailable `LOOPBACK_RANGE` when this machine cannot listen on the given loopback address */
export async function requireLoopbackAddress(address: string): Promise<void> {
  if (await isPortFree(0, address)) return;
  throw new WindlassError(
    'unavailable',
    `this machine cannot listen on ${address}, so nodes cannot have addresses of their own`,
    {
      code: 'LOOPBACK_RANGE',
      hint:
        process.platform === 'darwin'
          ? `add the addresses first, e.g. sudo ifconfig lo0 alias ${address} up`
          : 'bring the loopback interface up with its whole range 127.0.0.0/8',
    },
  );
}
