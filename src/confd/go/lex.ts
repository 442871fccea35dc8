import type { ByteString } from './bytes.ts';
import { TemplateFault } from './template-fault.ts';

/** Kinds of tokens. A `char` is any other character, such as a comma. */
export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'string'
  | 'raw-string'
  | 'variable'
  | 'field'
  | 'dot'
  | 'number'
  | 'char-constant'
  | 'word'
  | 'open'
  | 'close'
  | 'char'
  | 'end-of-file';

export interface Token {
  readonly kind: TokenKind;
  readonly text: ByteString;
  readonly offset: number;
}

const SPACE = /^[ \t\r\n]+/;
// A letter beyond ASCII is two or more bytes of this range.
const WORD = /^[A-Za-z0-9_\u0080-\u00ff]+/;
const NAME_AT = /[A-Za-z0-9_\u0080-\u00ff]*/y;
const NUMBER =
  /^[+-]?(0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*)(\.[0-9a-fA-F_]*)?([eE][+-]?[0-9_]*|[pP][+-]?[0-9_]*)?i?/;

/**
 * Splits a template into its tokens; the white space that trim markers remove is already gone.
 *
 * @throws TemplateFault
 */
export function lex(source: ByteString): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  for (;;) {
    const left = source.indexOf('{{', position);
    if (left < 0) {
      if (position < source.length) {
        tokens.push({ kind: 'text', text: source.slice(position), offset: position });
      }
      tokens.push({ kind: 'end-of-file', text: '', offset: source.length });
      return tokens;
    }
    const trims = /^-[ \t\r\n]/.test(source.slice(left + 2, left + 4));
    const raw = source.slice(position, left);
    const text = trims ? trimSpaceEnd(raw) : raw;
    if (text !== '') tokens.push({ kind: 'text', text, offset: position });
    const inside = left + 2 + (trims ? 2 : 0);
    if (source.startsWith('/*', inside)) {
      position = skipComment(source, inside, left);
    } else {
      tokens.push({ kind: 'left', text: '{{', offset: left });
      position = lexAction(source, trims ? inside - 1 : inside, left, tokens);
    }
  }
}

/** Not a pattern: a pattern that searches the end would try every space before it. */
function trimSpaceEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The position where the text continues after a comment. */
function skipComment(source: string, start: number, left: number): number {
  const close = source.indexOf('*/', start + 2);
  if (close < 0) throw new TemplateFault('this comment is never closed', left);
  const end = findRightDelimiter(source, close + 2);
  if (end === null) throw new TemplateFault('a comment fills its action: }} must follow */', close + 2);
  return end.after;
}

interface RightDelimiter {
  readonly after: number;
}

function findRightDelimiter(source: string, position: number): RightDelimiter | null {
  if (source.startsWith('}}', position)) return { after: position + 2 };
  if (!/^[ \t\r\n]-\}\}/.test(source.slice(position, position + 4))) return null;
  const after = position + 4;
  return { after: after + (SPACE.exec(source.slice(after))?.[0].length ?? 0) };
}

/** Adds the tokens of one action, up to its `}}`; returns the position where the text continues. */
function lexAction(source: string, start: number, left: number, tokens: Token[]): number {
  let position = start;
  let depth = 0;
  for (;;) {
    const end = findRightDelimiter(source, position);
    if (end !== null) {
      if (depth > 0) throw new TemplateFault('a parenthesis is never closed', position);
      tokens.push({ kind: 'right', text: '}}', offset: position });
      return end.after;
    }
    const token = lexToken(source, position, left);
    if (token.kind === 'open') depth += 1;
    if (token.kind === 'close') depth -= 1;
    if (depth < 0) throw new TemplateFault('a parenthesis is closed that was never opened', position);
    tokens.push(token);
    position += token.text.length;
  }
}

function lexToken(source: string, offset: number, left: number): Token {
  const rest = source.slice(offset, offset + 20_000);
  const make = (kind: TokenKind, text: string): Token => ({ kind, text, offset });
  const sign = rest.charAt(0);
  if (sign === '') throw new TemplateFault('this action is never closed', left);
  const space = SPACE.exec(rest)?.[0];
  // The last space before -}} is part of the marker.
  if (space !== undefined) return make('space', trimBeforeMarker(rest, space));
  switch (sign) {
    case '=':
      return make('assign', '=');
    case ':':
      if (rest.startsWith(':=')) return make('declare', ':=');
      throw new TemplateFault('a colon is allowed only in :=', offset);
    case '|':
      return make('pipe', '|');
    case '"':
      return make('string', lexQuoted(rest, '"', offset));
    case "'":
      return make('char-constant', lexQuoted(rest, "'", offset));
    case '`':
      return make('raw-string', lexRaw(source, offset));
    case '(':
      return make('open', '(');
    case ')':
      return make('close', ')');
    case '$':
      return make('variable', `$${lexName(source, offset, 1)}`);
    case '.':
      if (/^\.[0-9]/.test(rest)) return make('number', lexNumber(source, rest, offset));
      return lexField(source, offset, make);
    default:
      break;
  }
  if (/[0-9+-]/.test(sign)) return make('number', lexNumber(source, rest, offset));
  if (WORD.test(rest)) return make('word', lexName(source, offset, 0));
  if (sign >= ' ' && sign <= '~') return make('char', sign);
  throw new TemplateFault('this character is not allowed in an action', offset);
}

function trimBeforeMarker(rest: string, space: string): string {
  if (space.length > 1 && rest.startsWith('-}}', space.length)) return space.slice(0, -1);
  return space;
}

function lexField(source: string, offset: number, make: (kind: TokenKind, text: string) => Token): Token {
  const name = lexName(source, offset, 1);
  return name === '' ? make('dot', '.') : make('field', `.${name}`);
}

/** A name after `skip` characters, possibly empty; the next character must end it. */
function lexName(source: string, offset: number, skip: number): string {
  const from = offset + skip;
  NAME_AT.lastIndex = from;
  const name = NAME_AT.exec(source)?.[0] ?? '';
  const after = from + name.length;
  const next = source.charAt(after);
  if (next !== '' && !/[ \t\r\n.,|:()]/.test(next) && !source.startsWith('}}', after)) {
    throw new TemplateFault(`${JSON.stringify(next)} cannot follow a name`, after);
  }
  return name;
}

function lexQuoted(rest: string, quote: string, offset: number): string {
  for (let index = 1; index < rest.length; index += 1) {
    const sign = rest.charAt(index);
    if (sign === '\n') break;
    if (sign === '\\') {
      index += 1;
      if (rest.charAt(index) === '\n') break;
    } else if (sign === quote) {
      return rest.slice(0, index + 1);
    }
  }
  throw new TemplateFault('this quotation is never closed', offset);
}

function lexRaw(source: string, offset: number): string {
  const close = source.indexOf('`', offset + 1);
  if (close < 0) throw new TemplateFault('this quotation is never closed', offset);
  return source.slice(offset, close + 1);
}

function lexNumber(source: string, rest: string, offset: number): string {
  const text = NUMBER.exec(rest)?.[0] ?? '';
  const next = source.charAt(offset + text.length);
  if (text === '' || /[A-Za-z0-9_\u0080-\u00ff]/.test(next) || text.endsWith('i')) {
    throw new TemplateFault('this is no number', offset);
  }
  return text;
}
