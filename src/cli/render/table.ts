/** Columns of text, as wide as they need to be; `-` where there is nothing. */
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

/** Names and values, one a line. */
export function renderFields(fields: readonly (readonly [string, string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => `${toOneLine(name).padEnd(width)}  ${value === '' ? '-' : toOneLine(value)}\n`)
    .join('');
}

/** A text of several lines as one, with a space between them. */
export function joinLines(text: string): string {
  const [first = '', ...further] = text.split('\n');
  if (further.length === 0) return toOneLine(first);
  const last = further.pop() ?? '';
  const between = further.map((line) => line.trim()).filter((line) => line !== '');
  return toOneLine([first.trimEnd(), ...between, last.trimStart()].join(' '));
}

/** Names and texts are others': no line break splits a row, no control character moves the cursor. */
export function toOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    JSON.stringify(character).length > 3
      ? JSON.stringify(character).slice(1, -1)
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
