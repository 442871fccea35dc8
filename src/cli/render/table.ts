/** Columns of text, as wide as needed; `-` for an empty cell. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => (cell === '' ? '-' : toOneLine(cell))))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Names and values, one pair on each line. */
export function renderFields(fields: readonly (readonly [string, string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => `${toOneLine(name).padEnd(width)}  ${value === '' ? '-' : toOneLine(value)}\n`)
    .join('');
}

/** A text of several lines as one line, joined by spaces. */
export function joinLines(text: string): string {
  const [first = '', ...further] = text.split('\n');
  if (further.length === 0) return toOneLine(first);
  const last = further.pop() ?? '';
  const between = further.map((line) => line.trim()).filter((line) => line !== '');
  return toOneLine([first.trimEnd(), ...between, last.trimStart()].join(' '));
}

/**
 * Names and texts come from others: no line break may split a row, and no control character may move the
 * cursor.
 */
export function toOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    JSON.stringify(character).length > 3
      ? JSON.stringify(character).slice(1, -1)
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
