import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Call } from '../../../provider/index.ts';
import { WindlassError } from '../../../domain/index.ts';
import { writeHelmJson } from '../../../helm-yaml/index.ts';
import type { KubeConnection } from './connection.ts';
import { toNetworkError, toStatusError } from './kube-errors.ts';
import type { KubeObject, KubeStatus } from './kube-types.ts';

const REQUEST_TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export type Query = Readonly<Record<string, string | undefined>>;

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** e.g. `/api/v1/namespaces/default/pods` */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  /** The media type of the answer, if it is not plain JSON. */
  readonly accept?: string;
  /** JSON by default; a patch names its own kind. */
  readonly contentType?: string;
  /** In errors, e.g. `create deployments web`; the method and path by default. */
  readonly what?: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

/** Requests to one API server within one call of the engine, with its abort signal and its request budget. */
export interface KubeClient {
  readonly server: URL;
  /**
   * By how much the server's clock is ahead of this machine's, as its last answer said. 0 before the first
   * answer, and where the two agree within the whole seconds of the header.
   */
  clockAheadMs(): number;
  /** @throws WindlassErrors of every kind; nothing of the credential is in them. */
  send<T>(request: KubeRequest): Promise<T>;
  /** Null if the server answers 404. */
  find<T>(request: KubeRequest): Promise<T | null>;
  /**
   * Watches until the signal is aborted, the server ends the watch or `onEvent` returns true. Returns
   * whether the server still knew the resourceVersion to start from; false means: list again.
   */
  watch(
    request: { readonly path: string; readonly query: Query },
    signal: AbortSignal,
    onEvent: (event: WatchEvent) => boolean,
  ): Promise<boolean>;
}

export function createKubeClient(
  connection: KubeConnection,
  call: Pick<Call, 'signal' | 'send'>,
): KubeClient {
  const { server } = connection;
  let clockAheadMs = 0;

  async function open(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { headers, agent } = await connection.requestOptions(await connection.authenticate());
    const body = request.body === undefined ? undefined : Buffer.from(writeHelmJson(request.body));
    const url = new URL(`${server.pathname.replace(/\/$/, '')}${request.path}`, server);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(
        url,
        {
          method: request.method,
          agent,
          signal,
          headers: {
            accept: request.accept ?? 'application/json',
            'user-agent': 'windlass',
            ...headers,
            ...(body === undefined
              ? {}
              : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
          },
        },
        resolve,
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async function sendOnce<T>(request: KubeRequest): Promise<T> {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    try {
      const answer = await open(request, signal);
      clockAheadMs = readClockAhead(answer.headers.date) ?? clockAheadMs;
      const content = await readAll(answer);
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) return parseAnswer(content) as T;
      throw toStatusError(status, parseStatus(content), { what: wordsOf(request) }, readRetryAfter(answer));
    } catch (error) {
      throw toNetworkError(error, server, call.signal);
    }
  }

  const client: KubeClient = {
    server,
    clockAheadMs: () => clockAheadMs,
    async send<T>(request: KubeRequest): Promise<T> {
      return call.send(() => sendOnce<T>(request));
    },
    async find<T>(request: KubeRequest): Promise<T | null> {
      try {
        return await client.send<T>(request);
      } catch (error) {
        if (WindlassError.isInstance(error) && error.code === 'KUBERNETES_NOT_FOUND') return null;
        throw error;
      }
    },
    async watch({ path, query }, signal, onEvent) {
      // Ended when either side has seen enough.
      const enough = new AbortController();
      const until = AbortSignal.any([call.signal, signal, enough.signal]);
      try {
        const request: KubeRequest = {
          method: 'GET',
          path,
          query: { ...query, watch: 'true', allowWatchBookmarks: 'true' },
        };
        const answer = await call.send(() => open(request, until));
        if (answer.statusCode === 410) {
          answer.destroy();
          return false;
        }
        if (answer.statusCode !== 200) {
          const content = await readAll(answer);
          throw toStatusError(answer.statusCode ?? 0, parseStatus(content), { what: wordsOf(request) });
        }
        for await (const line of readLines(answer)) {
          const event = JSON.parse(line) as WatchEvent;
          if (event.type === 'ERROR') return !isExpired(event.object as KubeStatus);
          if (onEvent(event)) break;
        }
        return true;
      } catch (error) {
        // Its time limit is reached: most watches end this way.
        if (!call.signal.aborted && until.aborted) return true;
        throw toNetworkError(error, server, call.signal);
      } finally {
        enough.abort();
      }
    },
  };
  return client;
}

/** The date of an answer is in whole seconds, rounded down, and a little older than its arrival. */
const CLOCK_GRAIN_MS = 1_500;

function readClockAhead(date: string | undefined): number | null {
  const ahead = Date.parse(date ?? '') + 500 - Date.now();
  if (Number.isNaN(ahead)) return null;
  return Math.abs(ahead) <= CLOCK_GRAIN_MS ? 0 : ahead;
}

async function* readLines(answer: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) answer.destroy(new Error('the answer is larger than 64 MiB'));
  });
  return text(answer);
}

function parseAnswer(content: string): unknown {
  // The health endpoints answer plain text.
  return content.startsWith('{') ? JSON.parse(content) : content;
}

function parseStatus(content: string): KubeStatus {
  try {
    return JSON.parse(content) as KubeStatus;
  } catch {
    return { message: content.slice(0, 200) };
  }
}

function readRetryAfter(answer: IncomingMessage): number | undefined {
  const seconds = Number(answer.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

function isExpired(status: KubeStatus): boolean {
  return status.code === 410 || status.reason === 'Expired' || status.reason === 'Gone';
}

function wordsOf(request: KubeRequest): string {
  return request.what ?? `${request.method} ${request.path}`;
}
