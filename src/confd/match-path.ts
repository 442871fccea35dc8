import { splitRunes, toText } from './go/index.ts';

/**
 * Returns a function that says of many paths whether the whole path matches a pattern of Go's path.Match:
 * `*` and `?` for anything without a slash, `[a-z]`, `[^a-z]`, a backslash before a literal character. The
 * pattern is parsed once. `spend` is called for every comparison, and may throw.
 *
 * @throws Error for a malformed pattern, but only when the matching reaches its fault, as in Go.
 */
export function createPathMatcher(pattern: string, spend: Spend): (path: string) => boolean {
  const runes = toRunes(pattern);
  return (path) => {
    spend(runes.length + path.length);
    return matchFrom(runes, toRunes(path), spend);
  };
}

const ASCII = /^[\0-\x7f]*$/;

function toRunes(bytes: string): readonly string[] {
  return ASCII.test(bytes) ? bytes.split('') : splitRunes(bytes).map(toText);
}

type Spend = (comparisons: number) => void;

function matchFrom(wholePattern: readonly string[], wholePath: readonly string[], spend: Spend): boolean {
  let pattern = wholePattern;
  let path = wholePath;
  while (pattern.length > 0) {
    const { star, chunk, rest } = splitChunk(pattern);
    pattern = rest;
    // A star at the end matches the rest of this element.
    if (star && chunk.length === 0) return !path.includes('/');
    const direct = matchChunk(chunk, path);
    if (direct !== null && (direct.length === 0 || pattern.length > 0)) {
      path = direct;
      continue;
    }
    const later = star ? findLater(chunk, path, { more: pattern.length > 0, spend }) : null;
    if (later !== null) {
      path = later;
      continue;
    }
    checkRest(pattern);
    return false;
  }
  return path.length === 0;
}

function findLater(
  chunk: readonly string[],
  path: readonly string[],
  { more, spend }: { readonly more: boolean; readonly spend: Spend },
): readonly string[] | null {
  for (let skipped = 0; skipped < path.length && path[skipped] !== '/'; skipped += 1) {
    spend(chunk.length + path.length - skipped);
    const left = matchChunk(chunk, path.slice(skipped + 1));
    // The last chunk must reach the end.
    if (left !== null && (more || left.length === 0)) return left;
  }
  return null;
}

/** Go also reports a malformed pattern if the part before the fault does not match. */
function checkRest(pattern: readonly string[]): void {
  let left = pattern;
  while (left.length > 0) {
    const { chunk, rest } = splitChunk(left);
    matchChunk(chunk, []);
    left = rest;
  }
}

function splitChunk(pattern: readonly string[]): {
  readonly star: boolean;
  readonly chunk: readonly string[];
  readonly rest: readonly string[];
} {
  let start = 0;
  while (pattern[start] === '*') start += 1;
  let inRange = false;
  let end = start;
  for (; end < pattern.length; end += 1) {
    const sign = pattern[end];
    if (sign === '\\') end += end + 1 < pattern.length ? 1 : 0;
    else if (sign === '[') inRange = true;
    else if (sign === ']') inRange = false;
    else if (sign === '*' && !inRange) break;
  }
  return { star: start > 0, chunk: pattern.slice(start, end), rest: pattern.slice(end) };
}

/** The rest of the path after the chunk; null if it does not match. */
function matchChunk(chunk: readonly string[], path: readonly string[]): readonly string[] | null {
  let at = 0;
  // After a mismatch the rest of the chunk is still parsed, to find its faults.
  let failed = false;
  for (let index = 0; index < chunk.length; index += 1) {
    const sign = chunk[index];
    if (!failed && at >= path.length) failed = true;
    const rune = path[at] ?? '';
    if (sign === '[') {
      const read = matchRange(chunk, index + 1, rune);
      index = read.end;
      if (!failed && !read.fits) failed = true;
    } else if (sign === '?') {
      if (!failed && rune === '/') failed = true;
    } else {
      if (sign === '\\') {
        index += 1;
        if (index >= chunk.length) throw malformed();
      }
      if (!failed && rune !== chunk[index]) failed = true;
    }
    if (!failed) at += 1;
  }
  return failed ? null : path.slice(at);
}

function matchRange(
  chunk: readonly string[],
  start: number,
  rune: string,
): { readonly fits: boolean; readonly end: number } {
  let index = start;
  const negated = chunk[index] === '^';
  if (negated) index += 1;
  let fits = false;
  for (let count = 0; ; count += 1) {
    if (index >= chunk.length) throw malformed();
    if (chunk[index] === ']' && count > 0) break;
    const low = readBound(chunk, index);
    index = low.next;
    let high = low.rune;
    if (chunk[index] === '-') {
      const read = readBound(chunk, index + 1);
      high = read.rune;
      index = read.next;
    }
    const code = rune.codePointAt(0) ?? -1;
    if ((low.rune.codePointAt(0) ?? 0) <= code && code <= (high.codePointAt(0) ?? 0)) fits = true;
  }
  return { fits: fits !== negated && rune !== '', end: index };
}

function readBound(
  chunk: readonly string[],
  start: number,
): { readonly rune: string; readonly next: number } {
  let index = start;
  const first = chunk[index];
  if (first === undefined || first === '-' || first === ']') throw malformed();
  if (first === '\\') index += 1;
  const rune = chunk[index];
  // A range that ends with its bound has no closing bracket.
  if (rune === undefined || index + 1 >= chunk.length) throw malformed();
  return { rune, next: index + 1 };
}

function malformed(): Error {
  return new Error('the pattern is malformed');
}
