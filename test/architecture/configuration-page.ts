import { CONFIG_TABLE, type ConfigVariable } from '../../src/config/index.ts';

const HEADER = `# Configuration

Everything is configured by environment variables; a worker refuses to start with one that is wrong
(\`CONFIG_INVALID\`, all faults at once) or with a \`WINDLASS_*\` that it does not know. The \`TEMPORAL_*\`
variables and the profiles of temporal.toml are read by Temporal's own library, and mean what they
mean to its other tools. Clients need only how to reach Temporal.

A variable marked **secret** is never logged; in production give it as a file where there is a
\`…_FILE\` or \`…_PATH\` beside it.
`;

const FOOTER = `<!-- Written from src/config/config-table.ts: npx vitest run test/architecture/configuration.test.ts -u -->
`;

const COLUMNS = ['Variable', 'Type', 'Default', 'Meaning'];

/** The whole of docs/configuration.md, with columns as wide as the formatter makes them. */
export function renderConfigurationPage(): string {
  const rows = [COLUMNS, ...CONFIG_TABLE.map(toCells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return [HEADER, `${lines.join('\n')}\n`, FOOTER].join('\n');
}

function toCells(entry: ConfigVariable): string[] {
  const meaning = entry.secret ? `**secret**; ${entry.description}` : entry.description;
  return [`\`${entry.name}\``, entry.type, entry.default ?? '', meaning].map((cell) =>
    cell.replaceAll('<', '\\<'),
  );
}
