/** A value as one word of a POSIX shell, whatever it holds. */
export function quoteShellWord(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
