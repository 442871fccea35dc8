import type { Agent, IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { QingCloudError } from './qingcloud-error.ts';

/** A request, signed and ready to be sent. */
export interface SignedRequest {
  readonly action: string;
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** The form of a POST; empty for GET. */
  readonly body: string;
}

export interface ExchangeOptions {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly connectLimitMs: number;
  readonly answerLimitMs: number;
}

/** What was answered, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** The date in the answer's header, in milliseconds; undefined without one. */
  readonly dateMs: number | undefined;
}

/** The longest answer that is read; a page of 100 instances has about 300 KB. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;

/**
 * Sends a request once and reads its answer.
 *
 * @throws QingCloudError `unreachable`; its `mayHaveEffect` is false only if the request was never sent.
 *   `cancelled` when the signal is aborted. `unreadable` for an answer that is too long.
 */
export function exchange(request: SignedRequest, options: ExchangeOptions): Promise<RawAnswer> {
  const { action, url, method, body } = request;
  const { agent, signal, connectLimitMs, answerLimitMs } = options;
  return new Promise((resolve, reject) => {
    let isConnected = false;
    let timer: NodeJS.Timeout | undefined;
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send(url, { method, agent, headers: toHeaders(body) });

    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    const fail = (error: QingCloudError): void => {
      end();
      outgoing.destroy();
      reject(error);
    };
    const cancel = (): void =>
      fail(
        new QingCloudError(`${action} was cancelled`, {
          kind: 'cancelled',
          action,
          mayHaveEffect: isConnected,
          cause: signal.reason,
        }),
      );
    const lose = (why: string, networkCode: string): void =>
      fail(new QingCloudError(why, { kind: 'unreachable', action, mayHaveEffect: isConnected, networkCode }));
    const limit = (limitMs: number, what: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => lose(`${what} within ${limitMs / 1_000} s`, 'ETIMEDOUT'), limitMs);
    };
    const onReady = (): void => {
      isConnected = true;
      limit(answerLimitMs, 'no answer');
    };

    limit(connectLimitMs, 'no connection');
    outgoing.on('socket', (socket) => {
      // A connection that is kept open is ready; a new one is not until TLS is.
      if (outgoing.reusedSocket) onReady();
      else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onReady);
    });
    outgoing.on('error', (error) => lose(error.message, codeOf(error)));
    outgoing.on('response', (answer) => {
      readText(answer).then(
        (text) => {
          end();
          resolve({
            status: answer.statusCode ?? 0,
            contentType: answer.headers['content-type'] ?? '',
            text,
            dateMs: toTime(answer.headers.date),
          });
        },
        (error: Error) => lose(error.message, codeOf(error)),
      );
    });
    if (signal.aborted) return cancel();
    signal.addEventListener('abort', cancel, { once: true });
    outgoing.end(body);
  });
}

function toHeaders(body: string): Record<string, string> {
  return {
    accept: 'application/json',
    ...(body === ''
      ? {}
      : {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(body)),
        }),
  };
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toTime(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : time;
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
