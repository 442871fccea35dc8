import { randomBytes } from 'node:crypto';
import { createAgents, type ConnectionSettings } from './create-agents.ts';
import { exchange, type RawAnswer, type SignedRequest } from './exchange.ts';
import { flattenParameters, type Parameters } from './flatten-parameters.ts';
import type { Action, Operations } from './operations.ts';
import { QingCloudError } from './qingcloud-error.ts';
import { signRequest, toSortedQuery, type FlatParameters } from './sign-request.ts';

export interface ClientOptions extends Omit<ConnectionSettings, 'endpoint'> {
  /** Its path is signed; `/iaas/` where it has none. The public cloud by default. */
  readonly endpoint?: URL;
  readonly zone: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary keys (IAM): they have a path of their own. */
  readonly token?: string;
  /** How long a connection may take, in milliseconds; 5 s by default. */
  readonly connectLimitMs?: number;
  /** How long an answer may take after the connection, in milliseconds; 60 s by default. */
  readonly answerLimitMs?: number;
  /** This machine's clock, in milliseconds; for tests. */
  readonly now?: () => number;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
  /**
   * QingCloud refuses the request when it arrives later than this after it was signed, in milliseconds
   * (whole seconds are sent). So the silence after a lost answer has an end.
   */
  readonly expiresInMs?: number;
}

/** QingCloud's API in one zone, with one key. */
export interface QingCloudClient {
  readonly zone: string;
  /**
   * Sends one request, once: a request is never repeated here, because QingCloud knows no token by which
   * it would recognize a repetition.
   *
   * @returns the answer; read it loosely, any field may be absent.
   * @throws QingCloudError, always.
   */
  send<Name extends Action>(
    action: Name,
    parameters: Operations[Name]['parameters'],
    options?: SendOptions,
  ): Promise<Operations[Name]['answer']>;
}

const DEFAULT_ENDPOINT = 'https://api.qingcloud.com/iaas/';

const DEFAULT_CONNECT_LIMIT_MS = 5_000;
const DEFAULT_ANSWER_LIMIT_MS = 60_000;
/** A longer query is sent as the form of a POST; user-data alone may have 5 KB here. */
const MAX_QUERY_CHARACTERS = 2_048;

/** Opens nothing before the first request. */
export function createQingCloudClient(options: ClientOptions): QingCloudClient {
  const endpoint = options.endpoint ?? new URL(DEFAULT_ENDPOINT);
  const agents = createAgents({ ...options, endpoint });
  const { connectLimitMs = DEFAULT_CONNECT_LIMIT_MS, answerLimitMs = DEFAULT_ANSWER_LIMIT_MS } = options;
  const now = options.now ?? Date.now;
  const neverAborted = new AbortController().signal;
  return {
    zone: options.zone,
    async send(action, parameters, { signal = neverAborted, expiresInMs } = {}) {
      const common = createCommonParameters(options, now(), expiresInMs);
      const request = prepareRequest({ ...options, endpoint }, action, {
        ...common,
        ...flattenParameters(parameters as Parameters),
        action,
      });
      const agent = /^(Describe|Get)/.test(action) ? agents.reads : agents.changes;
      const answer = await exchange(request, { agent, signal, connectLimitMs, answerLimitMs });
      return readAnswer(action, answer, now()) as Operations[typeof action]['answer'];
    },
  };
}

function createCommonParameters(
  { zone, accessKeyId, token }: ClientOptions,
  nowMs: number,
  expiresInMs: number | undefined,
): FlatParameters {
  return {
    zone: zone.toLowerCase(),
    access_key_id: accessKeyId,
    time_stamp: toTimestamp(nowMs),
    // For support requests to QingCloud; it does not recognize repetitions by it.
    req_id: randomBytes(16).toString('hex'),
    version: '1',
    signature_method: 'HmacSHA256',
    signature_version: token === undefined ? '1' : '2',
    ...(token === undefined ? {} : { token }),
    ...(expiresInMs === undefined ? {} : { expires: toTimestamp(nowMs + expiresInMs) }),
  };
}

function prepareRequest(
  { endpoint, secretAccessKey, token }: ClientOptions & Pick<ConnectionSettings, 'endpoint'>,
  action: string,
  parameters: FlatParameters,
): SignedRequest {
  const path = token === undefined ? pathOf(endpoint) : '/iam/';
  const query = toSortedQuery(parameters);
  const method = query.length > MAX_QUERY_CHARACTERS ? 'POST' : 'GET';
  const signature = signRequest({ method, path }, parameters, secretAccessKey);
  const signed = `${query}&signature=${encodeURIComponent(signature)}`;
  const url = new URL(path, endpoint);
  if (method === 'POST') return { action, method, url, body: signed };
  url.search = signed;
  return { action, method, url, body: '' };
}

function pathOf({ pathname }: URL): string {
  return pathname === '/' ? '/iaas/' : pathname;
}

/** Whole seconds, UTC: `2026-01-02T03:04:05Z`. */
function toTimestamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function readAnswer(action: string, { status, contentType, text, dateMs }: RawAnswer, nowMs: number): object {
  const answer = status === 200 && contentType.startsWith('application/json') ? parseObject(text) : null;
  const retCode = answer?.['ret_code'];
  if (answer === null || typeof retCode !== 'number') {
    throw new QingCloudError(
      `an answer that is not QingCloud’s: HTTP ${status}, ${contentType || 'no type'}`,
      {
        kind: 'unreadable',
        action,
        // A gateway may have answered in place of the API, after the request had passed it.
        mayHaveEffect: true,
      },
    );
  }
  if (retCode === 0) return answer;
  const message = answer['message'];
  throw QingCloudError.refused(action, {
    retCode,
    message: typeof message === 'string' ? message : 'without a message',
    ...(dateMs === undefined ? {} : { clockSkewMs: nowMs - dateMs }),
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
