import { isErrorInfo, WindlassError } from '../domain/index.ts';

const WORD = 'windlass-failure ';

/** Reports, from a service of the stack, why it does not start; the stack then throws this error. */
export function reportFailure(error: WindlassError): void {
  process.stderr.write(`${WORD}${JSON.stringify(error.toInfo())}\n`);
}

/** The error that a service has reported in its log; null if there is none. */
export function readFailure(log: string): WindlassError | null {
  const line = log.split('\n').findLast((text) => text.startsWith(WORD));
  if (line === undefined) return null;
  try {
    const info: unknown = JSON.parse(line.slice(WORD.length));
    return isErrorInfo(info) ? WindlassError.fromInfo(info) : null;
  } catch {
    return null;
  }
}
