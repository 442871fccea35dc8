import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { cutText, MAX_LOG_LINE_CHARACTERS } from '../domain/index.ts';
import { copyPlain } from './copy-plain.ts';
import { createRedactor, type Redactor } from './redactor.ts';

/** The log of one process. A first argument that is an object becomes fields of the line. */
export type Logger = PinoLogger;

/** Where and how much is logged. */
export interface LoggerOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Default: stderr, because stdout is for results. */
  readonly destination?: DestinationStream;
  /** Shared with the code that decrypts secrets; default: one that knows only names. */
  readonly redactor?: Redactor;
  /** Fields of every line, e.g. the worker's identity. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Logs one JSON object on each line. Fields are redacted before pino gets them, and every line again after
 * pino has written it, so that no way of logging avoids it. A line that is too long is cut, and one that
 * cannot be written is replaced or left out: logging never throws.
 */
export function createLogger({
  level,
  destination,
  redactor = createRedactor(),
  fields = {},
}: LoggerOptions): Logger {
  const target = destination ?? pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level,
      base: { pid: process.pid, ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => toFields(redactor.redactValue(object)),
      },
      // An error is plain data by then, and pino's own serializer takes that for another error.
      serializers: { err: (value: unknown) => value },
    },
    {
      write(line: string) {
        try {
          target.write(redactLine(line, redactor));
        } catch {
          // No one can receive the error any more.
        }
      },
    },
  );
}

/** Redacts the line again with what pino has added to the fields (its message, bound fields). */
function redactLine(line: string, redactor: Redactor): string {
  try {
    const { msg, ...fields } = toFields(JSON.parse(line));
    // The names in the fields were checked already, and our own sentences among them would lose words.
    const copied = copyPlain(fields, { ...redactor, redactText: redactor.redactMessage });
    const message = typeof msg === 'string' ? { msg: redactor.redactText(msg) } : {};
    return fitLine({ ...toFields(copied), ...message });
  } catch {
    return `${JSON.stringify({ level: 'error', msg: 'a line of the log could not be written safely' })}\n`;
  }
}

/** The length that each text of a line may keep, tried in turn until the line is short enough. */
const TEXT_LIMITS = [4_000, 1_000, 200];
const MOST_KEPT_FIELDS = ['level', 'time', 'pid', 'msg'];

function fitLine(fields: Readonly<Record<string, unknown>>): string {
  const whole = JSON.stringify(fields);
  if (whole.length < MAX_LOG_LINE_CHARACTERS) return `${whole}\n`;
  for (const limit of TEXT_LIMITS) {
    const cut = JSON.stringify(fields, (_, value: unknown) =>
      typeof value === 'string' ? cutText(value, limit) : value,
    );
    if (cut.length < MAX_LOG_LINE_CHARACTERS) return `${cut}\n`;
  }
  const kept = Object.entries(fields)
    .filter(([key]) => MOST_KEPT_FIELDS.includes(key))
    .map(([key, value]) => [key, typeof value === 'string' ? cutText(value, 1_000) : value] as const);
  return `${JSON.stringify({ ...Object.fromEntries(kept), cut: `fields of ${whole.length} characters were left out` })}\n`;
}

function toFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : { value };
}
