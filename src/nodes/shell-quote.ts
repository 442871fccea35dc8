import { WindlassError } from '../domain/index.ts';

/**
 * A string as one word of a POSIX shell.
 *
 * @throws invalid-input `NODE_NUL_BYTE` for text that no shell can pass on.
 */
export function quoteForShell(value: string): string {
  if (value.includes('\0')) {
    throw new WindlassError('invalid-input', 'a command, path or variable for a node holds a NUL byte', {
      code: 'NODE_NUL_BYTE',
      hint: 'write it to a file and let the command read that',
    });
  }
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
