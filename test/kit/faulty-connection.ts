import { connect, createServer, type Socket } from 'node:net';
import type { NodeTarget } from '../../src/nodes/index.ts';

/** A connection to a node that a test can disturb. */
export interface FaultyConnection {
  /** The node through this connection. */
  readonly target: NodeTarget;
  /** Bytes that have passed since the last call of `cutAfter`. */
  readonly passed: { readonly toNode: number; readonly fromNode: number };
  /**
   * Breaks every connection when this many more bytes have passed in a direction; the next connection
   * works again.
   */
  cutAfter(limits: { readonly toNode?: number; readonly fromNode?: number }): void;
  /** Breaks every connection now. */
  cut(): void;
  /** From now on no bytes pass, and no side gets an error. */
  swallow(): void;
  close(): Promise<void>;
}

/** Listens on a free port of loopback in front of a node's sshd. */
export async function startFaultyConnection(node: NodeTarget): Promise<FaultyConnection> {
  const sockets = new Set<Socket>();
  let passed = { toNode: 0, fromNode: 0 };
  let limits: { toNode: number; fromNode: number } = unlimited();
  let swallowing = false;

  function cut(): void {
    limits = unlimited();
    for (const socket of sockets) socket.destroy();
  }
  function forward(from: Socket, to: Socket, direction: 'toNode' | 'fromNode'): void {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (swallowing) return;
      const left = limits[direction] - passed[direction];
      passed[direction] += chunk.length;
      if (chunk.length < left) {
        to.write(chunk);
        return;
      }
      // Bytes that were sent before the cut arrive.
      to.write(chunk.subarray(0, left), cut);
    });
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on('error', () => to.destroy());
  }

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: node.host, port: node.port, noDelay: true });
    forward(client, upstream, 'toNode');
    forward(upstream, client, 'fromNode');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a connection without a port');
  return {
    target: { ...node, host: '127.0.0.1', port: address.port },
    get passed() {
      return passed;
    },
    cutAfter(next) {
      passed = { toNode: 0, fromNode: 0 };
      limits = { ...unlimited(), ...next };
    },
    cut,
    swallow() {
      swallowing = true;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function unlimited(): { toNode: number; fromNode: number } {
  return { toNode: Number.POSITIVE_INFINITY, fromNode: Number.POSITIVE_INFINITY };
}
