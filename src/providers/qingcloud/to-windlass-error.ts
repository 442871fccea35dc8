import { WindlassError } from '../../domain/index.ts';
import { maskForeignText } from '../../masking/index.ts';
import { toErrorByRules, type ErrorRule } from '../../provider-utils/index.ts';
import { QingCloudError } from './client/index.ts';

/** QingCloud refuses a time stamp that is further than this from its own clock, in milliseconds. */
const ALLOWED_SKEW_MS = 60_000;
/** Until a new resource has its lease. */
const LEASE_PAUSE_MS = 3_000;
const BUSY_PAUSE_MS = 5_000;
/** The rate is counted over an hour: a short pause does not help. */
const RATE_PAUSE_MS = 60_000;

interface Failure {
  readonly retCode: number;
  readonly action: string;
  /** The cloud's own sentence, with what looks like a secret removed. */
  readonly said: string;
  readonly clockSkewMs: number | undefined;
}

/** 1400 is said for several things; its text tells which. */
const LEASE = /lease info not ready/i;
const WRONG_STATE =
  /\b(is|are) not (running|stopped|available|in-use|active)\b|\bstatus\b|\bcan ?not be (stopped|started|resized|attached|detached|deleted|terminated)\b|\balready (used|attached|in use|taken)\b|\bin use\b/i;
/** 2500 is said for the rate of calls and for quotas of resources. */
const RATE = /\brate\b|too (many|frequent)|\bAPI calls?\b|requests? (limit|per)/i;

/** The first rule that fits; an answer that no rule knows is a refusal of the request. */
const RULES: readonly ErrorRule<Failure>[] = [
  {
    fits: ({ retCode }) => retCode === 1200,
    kind: 'permission',
    code: 'QINGCLOUD_CREDENTIAL',
    say: (failure) => `QingCloud does not accept the key: ${wordsOf(failure)}`,
    options: () => ({
      field: 'credential',
      hint: 'check the keys; windlass runtime update NAME --credential FILE sets others',
    }),
  },
  {
    fits: ({ retCode }) => retCode === 1300,
    kind: 'unavailable',
    code: 'QINGCLOUD_EXPIRED',
    say: (failure) => `${wordsOf(failure)}${sayClock(failure)}`,
    options: () => ({ hint: 'set the clock of the worker, e.g. by NTP: QingCloud allows one minute' }),
  },
  {
    fits: ({ retCode, said }) => retCode === 1400 && LEASE.test(said),
    kind: 'unavailable',
    code: 'QINGCLOUD_NOT_YET',
    options: () => ({ retryAfterMs: LEASE_PAUSE_MS }),
  },
  {
    fits: ({ retCode, said }) => retCode === 2110 || (retCode === 1400 && WRONG_STATE.test(said)),
    kind: 'conflict',
    code: 'QINGCLOUD_CONFLICT',
  },
  {
    fits: ({ retCode }) => retCode === 1400,
    kind: 'permission',
    code: 'QINGCLOUD_PERMISSION',
    options: ({ action }) => ({ hint: `the account of the key must own the resource and may do ${action}` }),
  },
  { fits: ({ retCode }) => retCode === 2100, kind: 'not-found', code: 'QINGCLOUD_NOT_FOUND' },
  {
    fits: ({ retCode }) => retCode === 2400,
    kind: 'quota',
    code: 'QINGCLOUD_BALANCE',
    options: () => ({ hint: 'charge the account in QingCloud’s console' }),
  },
  {
    fits: ({ retCode, said }) => retCode === 2500 && RATE.test(said),
    kind: 'throttled',
    code: 'QINGCLOUD_THROTTLED',
    options: () => ({ retryAfterMs: RATE_PAUSE_MS }),
  },
  {
    fits: ({ retCode }) => retCode === 2500,
    kind: 'quota',
    code: 'QINGCLOUD_QUOTA',
    options: () => ({ hint: 'delete what is not needed, or ask QingCloud for a higher quota' }),
  },
  {
    fits: ({ retCode }) => retCode === 5200,
    kind: 'capacity',
    code: 'QINGCLOUD_CAPACITY',
    options: () => ({ hint: 'name other places in the settings of the runtime, or try again later' }),
  },
  {
    fits: ({ retCode }) => retCode === 5000 || retCode === 5100 || retCode === 5300,
    kind: 'unavailable',
    code: 'QINGCLOUD_UNAVAILABLE',
    options: () => ({ retryAfterMs: BUSY_PAUSE_MS }),
  },
  { fits: () => true, kind: 'invalid-input', code: 'QINGCLOUD_REFUSED' },
];

/** Turns every failure of the client into an error of the closed list; the cloud's own sentence is kept. */
export function toWindlassError(error: unknown): WindlassError {
  if (WindlassError.isInstance(error)) return error;
  if (!(error instanceof QingCloudError)) {
    const said = maskForeignText(error instanceof Error ? error.message : String(error));
    return new WindlassError('internal', said, { code: 'QINGCLOUD_FAULT', hint: 'report it' });
  }
  const { action, retCode, clockSkewMs } = error;
  const said = maskForeignText(error.message);
  switch (error.kind) {
    case 'cancelled':
      return new WindlassError('cancelled', said, { code: 'CANCELLED' });
    case 'unreachable':
      return new WindlassError('unavailable', `QingCloud could not be reached for ${action}: ${said}`, {
        code: 'QINGCLOUD_UNREACHABLE',
        hint: 'check the network of the worker, and the url of the runtime',
      });
    case 'unreadable':
      return new WindlassError('unavailable', `the answer to ${action} could not be read: ${said}`, {
        code: 'QINGCLOUD_ANSWER',
        hint: 'check that the url of the runtime is QingCloud’s API',
      });
    case 'refused': {
      const failure = { retCode, action, said, clockSkewMs };
      return toErrorByRules(RULES, failure, wordsOf(failure), new RetCode(retCode));
    }
  }
}

/** Keeps QingCloud's own code with an error, and nothing of the request, which is signed. */
class RetCode extends Error {
  constructor(retCode: number) {
    super(`ret_code ${retCode}`);
    this.name = 'RetCode';
  }
}

function wordsOf({ action, retCode, said }: Failure): string {
  return `${action}: ${said} (${retCode})`;
}

function sayClock({ clockSkewMs = 0 }: Failure): string {
  if (Math.abs(clockSkewMs) <= ALLOWED_SKEW_MS) return '; the request was too long on its way';
  const side = clockSkewMs > 0 ? 'ahead of' : 'behind';
  return `; the worker’s clock is ${Math.round(Math.abs(clockSkewMs) / 1_000)} s ${side} QingCloud’s`;
}
