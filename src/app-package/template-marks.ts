import type { TemplateSyntax } from './template.ts';

/** The text between braces in a template. */
export interface Mark {
  readonly offset: number;
  readonly length: number;
  /** The text inside the braces; null for a comment. */
  readonly inside: string | null;
}

/**
 * Every comment and everything between double or triple braces, in order. Triple braces mean the same as
 * double; a text that contains a brace, or is not closed, does not count. Reads the text once.
 */
export function findMarks(text: string, syntax: TemplateSyntax): Mark[] {
  const marks: Mark[] = [];
  const findCommentEnd = syntax === 'mustache' ? mustacheComments(text) : goComments(text);
  let at = text.indexOf('{{');
  while (at !== -1) {
    const commentEnd = findCommentEnd(at);
    const mark =
      commentEnd === null
        ? (readBraces(text, at, 3) ?? readBraces(text, at, 2))
        : { offset: at, length: commentEnd - at, inside: null };
    if (mark !== null) marks.push(mark);
    at = text.indexOf('{{', mark === null ? at + 1 : at + mark.length);
  }
  return marks;
}

function readBraces(text: string, offset: number, count: 2 | 3): Mark | null {
  const [open, close] = count === 3 ? ['{{{', '}}}'] : ['{{', '}}'];
  if (!text.startsWith(open, offset)) return null;
  let end = offset + count;
  while (end < text.length && text[end] !== '{' && text[end] !== '}') end += 1;
  if (!text.startsWith(close, end)) return null;
  return { offset, length: end + count - offset, inside: text.slice(offset + count, end) };
}

/**
 * The end of the comment that begins at an offset; null if none begins there. Must be called with
 * ascending offsets.
 */
type FindCommentEnd = (offset: number) => number | null;

/** `{{! … }}` */
function mustacheComments(text: string): FindCommentEnd {
  const findClose = createFinder(text, '}}');
  return (offset) => {
    if (!text.startsWith('{{!', offset)) return null;
    const close = findClose(offset + 3);
    return close === -1 ? null : close + 2;
  };
}

/** A comment of Go’s templates, with a dash and white space where Go allows them. */
function goComments(text: string): FindCommentEnd {
  const findClose = createFinder(text, '*/');
  let last: { readonly close: number; readonly end: number | null } = { close: -1, end: null };
  return (offset) => {
    let start = offset + 2;
    if (text[start] === '-') start += 1;
    start = skipSpace(text, start);
    if (!text.startsWith('/*', start)) return null;
    // As in Go, the first end mark ends a comment; the braces must follow directly.
    const close = findClose(start + 2);
    if (close !== last.close) last = { close, end: close === -1 ? null : findBraces(text, close + 2) };
    return last.end;
  };
}

function findBraces(text: string, start: number): number | null {
  let end = skipSpace(text, start);
  if (text[end] === '-') end += 1;
  return text.startsWith('}}', end) ? end + 2 : null;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
  return at;
}

/**
 * `indexOf` for ascending offsets: the last result is kept, so that all searches together read a text
 * once.
 */
function createFinder(text: string, what: string): (from: number) => number {
  let found = -2;
  return (from) => {
    if (found === -2 || (found !== -1 && found < from)) found = text.indexOf(what, from);
    return found;
  };
}
