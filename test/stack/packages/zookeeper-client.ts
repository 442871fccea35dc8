import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECT_LIMIT_MS = 10_000;
const SERVE_LIMIT_MS = 60_000;
const CREATE = 1;
const GET_DATA = 4;
/** Read, write, create, delete, admin. */
const ALL_PERMISSIONS = 31;

/** As much of ZooKeeper's protocol as a test needs: one session, nodes that are made and read. */
export interface ZookeeperClient {
  create(path: string, data: string): Promise<void>;
  read(path: string): Promise<string>;
  close(): void;
}

/**
 * Opens a session with one server, which takes a quorum. As every client of ZooKeeper it tries again
 * where there is none for a moment: servers that a busy machine held up elect again.
 */
export async function connectZookeeper(host: string, port: number): Promise<ZookeeperClient> {
  const until = Date.now() + SERVE_LIMIT_MS;
  for (;;) {
    try {
      return await openSession(host, port);
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(200);
    }
  }
}

async function openSession(host: string, port: number): Promise<ZookeeperClient> {
  const socket = connect({ host, port });
  socket.setTimeout(CONNECT_LIMIT_MS, () => socket.destroy(new Error(`${host}:${port} does not answer`)));
  const answers = readFrames(socket);
  const ask = async (request: Buffer): Promise<Buffer> => {
    socket.write(Buffer.concat([int(request.length), request]));
    const { value, done } = await answers.next();
    if (done === true) throw new Error('the server has closed the session');
    return value;
  };
  const session = await ask(
    Buffer.concat([int(0), long(0n), int(30_000), long(0n), bytes(Buffer.alloc(16)), Buffer.from([0])]),
  );
  if (session.readInt32BE(4) <= 0) throw new Error('the session was refused');
  let number = 0;
  const call = async (type: number, ...parts: readonly Buffer[]): Promise<Buffer> => {
    number += 1;
    const answer = await ask(Buffer.concat([int(number), int(type), ...parts]));
    const error = answer.readInt32BE(12);
    if (error !== 0) throw new Error(`ZooKeeper answers with error ${error}`);
    return answer.subarray(16);
  };
  return {
    async create(path, data) {
      const acl = Buffer.concat([int(1), int(ALL_PERMISSIONS), text('world'), text('anyone')]);
      await call(CREATE, text(path), bytes(Buffer.from(data)), acl, int(0));
    },
    async read(path) {
      const answer = await call(GET_DATA, text(path), Buffer.from([0]));
      return answer.subarray(4, 4 + answer.readInt32BE(0)).toString();
    },
    close: () => socket.destroy(),
  };
}

/** The state that each server reports, sorted; undefined while it serves no client. */
export async function listModes(
  servers: readonly (readonly [host: string, port: number])[],
): Promise<readonly (string | undefined)[]> {
  const states = await Promise.all(servers.map(([host, port]) => askFourLetters(host, port, 'srvr')));
  return states.map((state) => /^Mode: (\w+)/m.exec(state)?.[1]).sort();
}

/** The answer to a four-letter word. */
async function askFourLetters(host: string, port: number, word: string): Promise<string> {
  const socket = connect({ host, port });
  socket.end(word);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function* readFrames(socket: Socket): AsyncGenerator<Buffer, undefined> {
  let held = Buffer.alloc(0);
  for await (const part of socket) {
    held = Buffer.concat([held, part as Buffer]);
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const end = 4 + held.readInt32BE(0);
      yield held.subarray(4, end);
      held = held.subarray(end);
    }
  }
  return undefined;
}

function int(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function long(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value]);
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}
