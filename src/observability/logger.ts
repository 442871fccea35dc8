import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import { createRedactor, type Redactor } from './redactor.ts';

/** The log of one process. A first argument that is an object becomes fields of the line. */
export type Logger = PinoLogger;

/** Where and how much is logged. */
export interface LoggerOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Default: stderr, as stdout belongs to results. */
  readonly destination?: DestinationStream;
  /** Shared with whatever opens secrets; default: one that knows names only. */
  readonly redactor?: Redactor;
  /** Fields of every line, e.g. the worker's identity. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Logs one JSON object a line. Every line passes the redactor as text, after pino has made it, so
 * that no way of logging goes round it; fields with secret names are masked before.
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
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
    },
    { write: (line: string) => target.write(redactLine(line, redactor)) },
  );
}

/** Redacts a whole line; where masking has broken its JSON, the line is rebuilt from its masked parts. */
function redactLine(line: string, redactor: Redactor): string {
  const masked = redactor.redactText(line);
  if (masked === line) return line;
  try {
    JSON.parse(masked);
    return masked;
  } catch {
    return `${JSON.stringify(redactor.redactValue(JSON.parse(line)))}\n`;
  }
}

function toFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : { value };
}
