import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOldAnswers } from './old-answers.ts';
import {
  createRuleBook,
  type ActiveRule,
  type CannedAnswer,
  type Fault,
  type FaultRule,
  type ProxiedRequest,
} from './rules.ts';
import { deliver, passHeaders, readAnswer, readBody, type Answer, type Upstream } from './upstream.ts';

export interface FaultProxyOptions {
  readonly upstream: Upstream;
  /** Serves TLS with this key and certificate (PEM); plain HTTP by default. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** The name of a request's operation: an action of the cloud's API, or method and resource. */
  classify(request: ProxiedRequest): string;
  /**
   * Whether a request changes nothing: `stale` applies to no other, because no cloud answers a change
   * without doing it. By default decided by the method: GET and HEAD.
   */
  isRead?(request: ProxiedRequest): boolean;
  /** How the cloud reports throttling. */
  throttledAnswer(request: ProxiedRequest): CannedAnswer;
  /** How the cloud reports a failure; by default 500 without a text. */
  failedAnswer?(request: ProxiedRequest): CannedAnswer;
}

/** A request, in the order of arrival. */
export interface ProxyLogEntry {
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly fault: Fault | null;
  /** How often the cloud got it: 0, 1 or 2. */
  readonly delivered: number;
  /** The cloud's answer; null if it was not asked, or could not be reached. */
  readonly status: number | null;
}

/** A proxy in front of a cloud's API that injects the faults of networks and clouds. */
export interface FaultProxy {
  /** Where the provider under test sends its requests. */
  readonly url: string;
  addRule(rule: FaultRule): ActiveRule;
  clearRules(): void;
  /**
   * Holds back every request that comes from now on until the function that it returns is called; one
   * whose sender has gone by then is never passed on.
   */
  hold(): () => void;
  log(): readonly ProxyLogEntry[];
  clearLog(): void;
  /** Breaks every connection and stops serving. */
  close(): Promise<void>;
}

const DELAY_MS = 1_000;

/**
 * Starts a proxy on a free port of loopback. Without rules it passes everything unchanged: signatures stay
 * valid, streams are streamed. It reads a request only to name it.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const rules = createRuleBook();
  const old = createOldAnswers();
  const entries: ProxyLogEntry[] = [];
  const sockets = new Set<Socket>();
  const { isRead = isReadByMethod } = options;
  let held = Promise.resolve();

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = {
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body: await readBody(incoming),
    };
    const operation = options.classify(request);
    const came = { operation, method: request.method, url: request.url };
    const place = entries.push({ ...came, fault: null, delivered: 0, status: null }) - 1;
    await held;
    if (outgoing.destroyed) return;
    const rule = rules.takeDue(operation, isRead(request) && old.find(request) !== undefined);
    const fault = rule?.fault ?? null;
    const entry = { ...came, fault };
    entries[place] = { ...entry, delivered: 0, status: null };
    const pass = async (delivered = 1): Promise<IncomingMessage> => {
      // Counted before the outcome is known: it may have arrived although the connection broke.
      entries[place] = { ...entry, delivered, status: null };
      const message = await deliver(options.upstream, request);
      entries[place] = { ...entry, delivered, status: message.statusCode ?? null };
      return message;
    };
    const passWhole = async (delivered = 1): Promise<Answer> => {
      const answer = await readAnswer(await pass(delivered));
      old.keep(request, answer);
      return answer;
    };
    switch (fault) {
      case null:
        return stream(await pass(), outgoing, (answer) => old.keep(request, answer));
      case 'refuse':
        return reset(outgoing);
      case 'throttle':
        return answerCanned(outgoing, options.throttledAnswer(request));
      case 'fail':
        return answerCanned(outgoing, options.failedAnswer?.(request) ?? { status: 500, body: '' });
      case 'drop':
        await passWhole();
        return reset(outgoing);
      case 'cut':
        return cut(outgoing, await passWhole());
      case 'delay': {
        const answer = await passWhole();
        await sleep(rule?.delayMs ?? DELAY_MS);
        return answerWhole(outgoing, answer);
      }
      case 'double':
        await passWhole();
        return answerWhole(outgoing, await passWhole(2));
      case 'stale':
        return answerWhole(outgoing, old.find(request) ?? (await passWhole()));
    }
  }

  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // A cloud that cannot be reached looks like a connection that breaks.
    serve(incoming, outgoing).catch(() => reset(outgoing));
  };
  const server =
    options.tls === undefined ? createPlainServer(listener) : createTlsServer(options.tls, listener);
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    addRule: (rule) => rules.add(rule),
    clearRules: () => rules.clear(),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    log: () => [...entries],
    clearLog: () => void entries.splice(0),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function isReadByMethod({ method }: ProxiedRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Passes an answer on as it arrives, so that a watch is not delayed; stores it when it has ended. */
async function stream(
  message: IncomingMessage,
  outgoing: ServerResponse,
  keep: (answer: Answer) => void,
): Promise<void> {
  outgoing.writeHead(message.statusCode ?? 502, passHeaders(message.rawHeaders));
  outgoing.flushHeaders();
  outgoing.once('close', () => message.destroy());
  const parts: Buffer[] = [];
  for await (const part of message) {
    parts.push(part as Buffer);
    if (!outgoing.write(part)) await untilRoomOrGone(outgoing);
  }
  // Before the end is sent: a client that has the answer may ask for the old one at once.
  keep({
    status: message.statusCode ?? 0,
    rawHeaders: passHeaders(message.rawHeaders),
    body: Buffer.concat(parts),
  });
  outgoing.end();
}

/** Neither listener stays: a large answer waits often. */
function untilRoomOrGone(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      outgoing.off('drain', end).off('close', end);
      resolve();
    };
    outgoing.on('drain', end).on('close', end);
  });
}

function answerWhole(outgoing: ServerResponse, { status, rawHeaders, body }: Answer): void {
  outgoing.writeHead(status, withLength(rawHeaders, body));
  outgoing.end(body);
}

function answerCanned(outgoing: ServerResponse, { status, headers, body }: CannedAnswer): void {
  outgoing.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  outgoing.end(body);
}

/** Promises the whole body, sends half of it, and breaks the connection. */
function cut(outgoing: ServerResponse, { status, rawHeaders, body }: Answer): void {
  outgoing.writeHead(status, withLength(rawHeaders, body));
  outgoing.write(body.subarray(0, body.length >> 1), () => reset(outgoing));
}

/** An answer that came in chunks is sent with its length. */
function withLength(rawHeaders: readonly string[], body: Buffer): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'content-length')
      kept.push(...rawHeaders.slice(index, index + 2));
  }
  return [...kept, 'Content-Length', String(body.length)];
}

function reset(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket === null) return;
  // Over TLS the socket beneath is not accessible; it ends without TLS's closing message, which is equally
  // abrupt.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
