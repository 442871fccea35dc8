/**
 * An estimate of how many instructions a pattern compiles to, without compiling it: each character, class
 * and group counts, times the counted repetitions around it (`(ab{3}){5}`). A wrong estimate for unusual
 * syntax does no harm: the compiled pattern is measured as well.
 */
export function estimateInstructions(source: string): number {
  const open: { total: number; last: number }[] = [];
  let current = { total: 0, last: 0 };
  const add = (size: number): void => {
    current.total += size;
    current.last = size;
  };
  for (let index = 0; index < source.length; index += 1) {
    const sign = source[index];
    if (sign === '\\') index = skipEscape(source, index);
    if (sign === '[') index = skipClass(source, index);
    if (sign === '(') {
      open.push(current);
      current = { total: 2, last: 0 };
      continue;
    }
    const outer = sign === ')' ? open.pop() : undefined;
    if (outer !== undefined) {
      const { total } = current;
      current = outer;
      add(total);
      continue;
    }
    const repeat = sign === '{' ? readRepeat(source, index) : null;
    if (repeat !== null) {
      current.total += current.last * (repeat.count - 1);
      current.last *= repeat.count;
      index = repeat.end;
      continue;
    }
    // Text between quotes is not syntax.
    if (sign === '\\' && source[index] === 'Q') {
      const end = source.indexOf('\\E', index);
      const stop = end === -1 ? source.length : end;
      current.total += stop - index;
      index = stop + 1;
      add(1);
      continue;
    }
    add(1);
  }
  return open.reduce((sum, { total }) => sum + total, current.total);
}

/** `*`, `+` and `?` count as atoms of their own here, which is about their cost. */
function readRepeat(source: string, start: number): { readonly count: number; readonly end: number } | null {
  const end = source.indexOf('}', start);
  const bounds = end === -1 ? null : /^(\d+)(?:,(\d*))?$/.exec(source.slice(start + 1, end));
  if (bounds === null) return null;
  const [, least = '0', most = ''] = bounds;
  return { count: Math.max(1, Number(least) + 1, Number(most)), end };
}

/** The index of the last character of an escape: `\d`, `\pL`, `\p{Greek}`, `\x{10FFFF}`. */
function skipEscape(source: string, start: number): number {
  const next = start + 1;
  if (!'pPxu'.includes(source[next] ?? ' ') || source[next + 1] !== '{') return next;
  const end = source.indexOf('}', next);
  return end === -1 ? next : end;
}

/** The index of the bracket that closes a class; a bracket that comes first is a member. */
function skipClass(source: string, start: number): number {
  let index = start + 1;
  if (source[index] === '^') index += 1;
  if (source[index] === ']') index += 1;
  for (; index < source.length && source[index] !== ']'; index += 1) {
    if (source[index] === '\\') index += 1;
    // `[:alpha:]`
    const inner = source.startsWith('[:', index) ? source.indexOf(':]', index) : -1;
    if (inner !== -1) index = inner + 1;
  }
  return index;
}
