import { createHash } from 'node:crypto';
import type { CannedAnswer, Fault, ProxiedRequest } from '../../src/conformance/index.ts';

/** One request of one operation, and what shall happen to it. */
export interface Strike {
  /** As `nameRequest` names it. */
  readonly operation: string;
  readonly nth: number;
  readonly fault: Fault;
}

/** What meets each step of one life. */
export type BadDay = ReadonlyMap<string, Strike>;

/** An old answer is no fault of an API server that is one. */
const FAULTS = ['refuse', 'throttle', 'fail', 'drop', 'delay', 'double', 'cut'] as const satisfies Fault[];
/** The third request of a kind is like the second. */
const MOST_NTH = 2;

/** What a request is for: method and resource; asking for what there is, is one thing. */
export function nameRequest({ method, url }: Pick<ProxiedRequest, 'method' | 'url'>): string {
  const { pathname, searchParams } = new URL(url, 'https://server');
  const parts = pathname.split('/').filter((part) => part !== '');
  if (parts[0] !== 'api' && parts[0] !== 'apis') return `${method} /${parts[0] ?? ''}`;
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  if (rest.length === 0) return `${method} discovery`;
  const [resource, , part] = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  const verb = searchParams.get('watch') === 'true' || searchParams.get('watch') === '1' ? 'WATCH' : method;
  const dry = searchParams.get('dryRun') === 'All' ? 'dry-run ' : '';
  return `${dry}${verb} ${resource}${part === undefined ? '' : `/${part}`}`;
}

/** As an API server answers whom its priorities and fairness send away. */
export function answerThrottled(): CannedAnswer {
  return {
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '1' },
    body: toStatus(429, 'TooManyRequests', 'too many requests, please try again later', {
      retryAfterSeconds: 1,
    }),
  };
}

/** As an API server answers that has lost its store. */
export function answerFailed(): CannedAnswer {
  return {
    status: 500,
    headers: { 'content-type': 'application/json' },
    body: toStatus(500, 'InternalError', 'Internal error occurred: so it is', {}),
  };
}

function toStatus(code: number, reason: string, message: string, details: object): string {
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  });
}

/**
 * Lives enough that every fault meets every step so often, each at a request that the seed decides.
 * @param requests how often each step makes each request on a good day
 * @param lives how many lives meet each fault
 */
export function chooseBadDays(
  requests: ReadonlyMap<string, ReadonlyMap<string, number>>,
  seed: string,
  lives: number,
): readonly BadDay[] {
  const rank = (text: string): number =>
    createHash('sha256').update(`${seed}\n${text}`).digest().readUInt32BE(0);
  return FAULTS.flatMap((fault, place) =>
    Array.from({ length: lives }, (_, life): BadDay => {
      const day = new Map<string, Strike>();
      for (const [index, [step, counts]] of [...requests].entries()) {
        const strikes = [...counts]
          .filter(([operation]) => canMeet(operation, fault))
          .flatMap(([operation, count]) =>
            Array.from({ length: Math.min(count, MOST_NTH) }, (_each, nth) => ({
              operation,
              nth: nth + 1,
              fault,
            })),
          )
          // Changes and reads alternate, from life to life and within each.
          .filter(({ operation }) => ((life + place + index) % 2 === 0) === isChange(operation))
          .map((strike) => ({ strike, rank: rank(`${step} ${strike.operation} ${strike.nth} ${fault}`) }))
          .sort((left, right) => left.rank - right.rank);
        if (strikes[0] !== undefined) day.set(step, strikes[0].strike);
      }
      return day;
    }),
  );
}

function isChange(operation: string): boolean {
  return /^(POST|PUT|PATCH|DELETE) /.test(operation);
}

/**
 * A watch has no end to wait for. Nothing between client and server delivers a POST twice, and a client
 * that creates an object twice correctly gets an error.
 */
function canMeet(operation: string, fault: Fault): boolean {
  if (operation.startsWith('WATCH')) return fault === 'refuse' || fault === 'throttle' || fault === 'fail';
  return fault !== 'double' || !operation.includes('POST ');
}
