import type { Finding } from './part.ts';

/** The findings as columns of text. */
export function toTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, value, aim, met }) => [
    what,
    value,
    aim === undefined ? '' : `${aim}: ${met === true ? 'met' : 'MISSED'}`,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
