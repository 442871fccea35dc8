import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { WindlassError } from '../domain/index.ts';
import { cancelledError, connectionLostError, jumpHostError } from './node-errors.ts';
import type { NodeTarget } from './node-shell.ts';
import { openConnection } from './open-connection.ts';
import { openTunnel, type TunnelTarget } from './tunnel.ts';

export interface ConnectionPoolOptions {
  /** sshd's MaxSessions is 10 by default; some are left for human users. */
  readonly maxChannels: number;
  /** How long an unused connection is kept, in milliseconds. */
  readonly idleMs: number;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** A connection that is lent to a caller: `fresh` when it was opened for this use. */
export interface BorrowedConnection {
  readonly client: Client;
  readonly fresh: boolean;
}

/** One connection for each target, shared by all callers, and opened again when it breaks. */
export interface ConnectionPool {
  /**
   * Waits for a free channel, and lends the connection while `use` runs.
   *
   * @throws cancelled; the errors of openConnection and `use`.
   */
  withChannel<Result>(
    target: NodeTarget,
    signal: AbortSignal,
    use: (connection: BorrowedConnection) => Promise<Result>,
  ): Promise<Result>;
  /** Closes every connection; calls in flight fail as unavailable. */
  close(): Promise<void>;
}

interface Entry {
  connection: Promise<Client> | null;
  channels: number;
  /** Connections to nodes that are tunnelled through this one. */
  tunnels: number;
  readonly waiting: (() => void)[];
  idleTimer: NodeJS.Timeout | undefined;
}

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const entries = new Map<string, Entry>();
  let closed = false;

  function getEntry(key: string): Entry {
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { connection: null, channels: 0, tunnels: 0, waiting: [], idleTimer: undefined };
      entries.set(key, entry);
    }
    return entry;
  }

  async function takeChannel(entry: Entry, signal: AbortSignal): Promise<void> {
    if (entry.channels < options.maxChannels) {
      entry.channels += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(); // the channel of the caller that ended is now ours: the count stays
      };
      const giveUp = (): void => {
        entry.waiting.splice(entry.waiting.indexOf(turn), 1);
        reject(cancelledError());
      };
      entry.waiting.push(turn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function giveChannel(key: string, entry: Entry): void {
    const next = entry.waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    entry.channels -= 1;
    endWhenIdle(key, entry);
  }

  function endWhenIdle(key: string, entry: Entry): void {
    if (entry.channels + entry.tunnels > 0) return;
    clearTimeout(entry.idleTimer);
    entry.idleTimer = setTimeout(() => {
      if (entry.channels + entry.tunnels > 0) return;
      entries.delete(key);
      void endConnection(entry.connection);
    }, options.idleMs).unref();
  }

  function connect(target: NodeTarget, entry: Entry): BorrowedPromise {
    if (entry.connection !== null) return { connection: entry.connection, fresh: false };
    const { via } = target;
    const connection = via === undefined ? openConnection(target) : connectThrough({ ...target, via });
    entry.connection = connection;
    const forget = (): void => {
      if (entry.connection === connection) entry.connection = null;
    };
    connection.then((client) => {
      client.once('close', () => {
        forget();
        options.log('connection to a node ended', { host: target.host, port: target.port });
      });
      if (closed) client.end();
    }, forget);
    return { connection, fresh: true };
  }

  /**
   * Uses the one connection that is kept to the jump host, which lives as long as the connections through
   * it.
   */
  async function connectThrough(target: TunnelTarget): Promise<Client> {
    const key = keyOf(target.via);
    const jump = getEntry(key);
    clearTimeout(jump.idleTimer);
    jump.tunnels += 1;
    let given = false;
    const give = (): void => {
      if (given) return;
      given = true;
      jump.tunnels -= 1;
      endWhenIdle(key, jump);
    };
    try {
      const client = await openConnection(target, await openTunnelOver(target, jump));
      client.once('close', give);
      return client;
    } catch (error) {
      give();
      throw error;
    }
  }

  /** A kept connection to the jump host may turn out to be dead: then once more, over a new one. */
  async function openTunnelOver(target: TunnelTarget, jump: Entry): Promise<Duplex> {
    for (;;) {
      const { connection, fresh } = connect(target.via, jump);
      const client = await connection.catch((error: unknown) => {
        throw jumpHostError(target, error);
      });
      try {
        return await openTunnel(client, target);
      } catch (error) {
        if (fresh || !WindlassError.isInstance(error) || error.code !== 'JUMP_HOST_UNREACHABLE') throw error;
        client.destroy();
        if (jump.connection === connection) jump.connection = null;
      }
    }
  }

  return {
    async withChannel(target, signal, use) {
      if (closed) throw connectionLostError(target, 'this worker is shutting down');
      if (signal.aborted) throw cancelledError();
      const key = keyOf(target);
      const entry = getEntry(key);
      clearTimeout(entry.idleTimer);
      await takeChannel(entry, signal);
      try {
        const { connection, fresh } = connect(target, entry);
        const client = await orCancelled(connection, signal);
        return await use({ client, fresh });
      } finally {
        giveChannel(key, entry);
      }
    },
    async close() {
      closed = true;
      const open = [...entries.values()];
      entries.clear();
      for (const entry of open) clearTimeout(entry.idleTimer);
      await Promise.all(open.map(({ connection }) => endConnection(connection)));
    },
  };
}

interface BorrowedPromise {
  readonly connection: Promise<Client>;
  readonly fresh: boolean;
}

/** The private key is part of it, as a digest: a caller with another key must not get this connection. */
function keyOf(target: NodeTarget): string {
  const secret = createHash('sha256').update(target.privateKey).digest('hex');
  const via = target.via === undefined ? null : keyOf(target.via);
  return JSON.stringify([target.host, target.port, target.user, target.hostKey, secret, via]);
}

async function endConnection(connection: Promise<Client> | null): Promise<void> {
  if (connection === null) return;
  try {
    (await connection).destroy();
  } catch (error) {
    // The connection failed to open, which its caller has already been told.
    if (!WindlassError.isInstance(error)) throw error;
  }
}

function orCancelled<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(cancelledError());
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
