import { isSecretName } from '../domain/index.ts';
import type { Span } from './spans.ts';

/** Texts that may be a name, and tokens that are recognised by their form. */
const WORD = /[\w.$-]+/g;
/** For longer words, the end decides whether they are a name. */
const LONGEST_NAME = 256;
const JSON_WEB_TOKEN = /^eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/;
const LONGEST_TOKEN = 16_384;

/**
 * The values that names declare as secret: `password=…`, `"secretKey": "…"`, `password: …`, `--password
 * …`, `<password>…`, also lists and blocks of several lines. A guess, for text of other programs. After a
 * bare colon the whole line counts, because nothing shows where the secret ends. Reads each character a
 * fixed number of times.
 */
export function findNamedValues(text: string): readonly Span[] {
  const spans: Span[] = [];
  const words = new RegExp(WORD);
  for (let match = words.exec(text); match !== null; match = words.exec(text)) {
    const word = match[0];
    const end = match.index + word.length;
    if (word.startsWith('eyJ') && word.length < LONGEST_TOKEN && JSON_WEB_TOKEN.test(word)) {
      spans.push({ start: match.index, end });
      continue;
    }
    if (!isSecretName(word.slice(-LONGEST_NAME))) continue;
    const value = findValue(text, match.index, end);
    if (value === null || value.end <= value.start) continue;
    spans.push(value);
    words.lastIndex = Math.max(value.end, words.lastIndex);
  }
  return spans;
}

function findValue(text: string, nameStart: number, nameEnd: number): Span | null {
  const quoteEnd = skip(text, nameEnd, '\\"\'`', 3);
  const blanksEnd = skip(text, quoteEnd, BLANKS);
  const separator = text.charAt(blanksEnd);
  if (separator === ':' || separator === '=') {
    const start = skip(text, skip(text, blanksEnd, ':=>', 3), BLANKS);
    return takeValue(text, start, nameStart, {
      toLineEnd: separator === ':',
      quotedName: quoteEnd > nameEnd,
    });
  }
  if (separator === '>' && text.charAt(nameStart - 1) === '<') {
    const end = text.indexOf('<', blanksEnd);
    return { start: blanksEnd + 1, end: end < 0 ? text.length : end };
  }
  const isOption = text.startsWith('--', nameStart) && blanksEnd > quoteEnd;
  if (!isOption || separator === '-') return null;
  return takeValue(text, blanksEnd, nameStart, { toLineEnd: false, quotedName: false });
}

const BLANKS = ' \t';

/** The first position from `at` on with none of the characters, after at most `most` of them. */
function skip(text: string, at: number, characters: string, most = Number.POSITIVE_INFINITY): number {
  let end = at;
  while (end < text.length && end - at < most && characters.includes(text.charAt(end))) end += 1;
  return end;
}

function takeValue(
  text: string,
  start: number,
  nameStart: number,
  { toLineEnd, quotedName }: { readonly toLineEnd: boolean; readonly quotedName: boolean },
): Span | null {
  const first = text.charAt(start);
  if (first === '[' || first === '{') return { start, end: endOfBrackets(text, start) };
  if (toLineEnd && (first === '|' || first === '>')) return takeBlock(text, start, nameStart);
  const quote = /^\\{0,3}["'`]/.exec(text.slice(start, start + 4))?.[0];
  if (quote !== undefined) {
    // Without the quotes, unless a shell joins more text to them.
    const close = endOfQuoted(text, start + quote.length, quote);
    const end = endOfWord(text, close);
    if (end > close) return { start, end };
    const inner = text.startsWith(quote, close - quote.length) ? close - quote.length : close;
    return { start: start + quote.length, end: Math.max(inner, start + quote.length) };
  }
  if (!toLineEnd) return { start, end: endOfWord(text, start) };
  if (quotedName) return { start, end: endOfLiteral(text, start) };
  return { start, end: endOfLine(text, start) };
}

/** How shells write a single quote between single quotes. */
const GLUED_QUOTES = [`'\\''`, `'"'"'`];

/** The position after the closing quote; the end of the text if there is none. */
function endOfQuoted(text: string, start: number, quote: string): number {
  const escapes = quote === '"' || quote === "'";
  for (let at = start; at < text.length; at += 1) {
    if (text.startsWith(quote, at)) {
      const glued = GLUED_QUOTES.find((one) => quote === "'" && text.startsWith(one, at));
      if (glued === undefined) return at + quote.length;
      at += glued.length - 1;
      continue;
    }
    if (escapes && text.charAt(at) === '\\') at += 1;
  }
  return text.length;
}

/** One word of a command, an address or a list; quotes inside are part of it. */
function endOfWord(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (/[\s&<]/.test(character)) break;
    if (/["'`,;)}\]]/.test(character) && isDelimiter(text.charAt(at + 1))) break;
  }
  return at;
}

function isDelimiter(character: string): boolean {
  return character === '' || /[\s,;)}\]"'`]/.test(character);
}

/** A number, true or null of JSON. */
function endOfLiteral(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s,}\]]/.test(text.charAt(at))) at += 1;
  return at;
}

function endOfLine(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\r\n]/.test(text.charAt(at))) at += 1;
  while (at > start && BLANKS.includes(text.charAt(at - 1))) at -= 1;
  return at;
}

/** A list or a map in JSON; its strings may hold brackets. */
function endOfBrackets(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') at = endOfQuoted(text, at + 1, '"') - 1;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** The lines of a YAML block: all that are indented deeper than the line that names it. */
function takeBlock(text: string, start: number, nameStart: number): Span {
  const headEnd = endOfLine(text, start);
  if (!/^[|>][-+\d]*$/.test(text.slice(start, Math.min(headEnd, start + 8)))) return { start, end: headEnd };
  const lineStart = text.lastIndexOf('\n', nameStart) + 1;
  const indent = skip(text, lineStart, BLANKS) - lineStart;
  let end = headEnd;
  let at = text.indexOf('\n', headEnd);
  while (at >= 0) {
    const lineEnd = endOfLine(text, at + 1);
    const blank = skip(text, at + 1, ' \t\r') >= lineEnd;
    if (!blank && skip(text, at + 1, BLANKS) - at - 1 <= indent) break;
    if (!blank) end = lineEnd;
    at = text.indexOf('\n', Math.max(lineEnd, at + 1));
  }
  return end > headEnd ? { start: skip(text, headEnd, ' \t\r\n'), end } : { start, end: headEnd };
}
