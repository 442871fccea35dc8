import {
  MAX_JSON_CHARACTERS,
  MAX_JSON_DEPTH,
  MAX_JSON_KEY_CHARACTERS,
  MAX_JSON_VALUES,
} from '../domain/index.ts';

/** A position in a text; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export interface JsonFault extends TextPosition {
  readonly message: string;
  readonly offset: number;
}

export interface DuplicateKey extends TextPosition {
  /** Dotted path of the key. */
  readonly field: string;
  readonly offset: number;
}

/** As many faults as a user can fix at once; the next run finds the others. */
const MAX_DUPLICATES = 100;

export type JsonResult =
  | { readonly value: unknown; readonly duplicates: readonly DuplicateKey[] }
  | { readonly fault: JsonFault };

/** Line and column of an offset; an offset beyond the end counts as the end. */
export function locateOffset(text: string, offset: number): TextPosition {
  return createOffsetLocator(text)(offset);
}

/** Like locateOffset, for many offsets of one text, which is read only once. */
export function createOffsetLocator(text: string): (offset: number) => TextPosition {
  let lineStarts: readonly number[] | undefined;
  return (offset) => {
    lineStarts ??= findLineStarts(text);
    const position = Math.min(offset, text.length);
    const line = countUpTo(lineStarts, position);
    return { line, column: position - (lineStarts[line - 1] ?? 0) + 1 };
  };
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

/** How many of the ascending numbers are not above the limit. */
export function countUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface ParseJsonOptions {
  /** Also accepts comments and a comma before the end of an object or array, for files that people write. */
  readonly comments?: boolean;
}

/**
 * Where a value of a JSON text begins (a member of an object: its key), and the positions inside it, by
 * key or index.
 */
export interface JsonPosition {
  readonly offset: number;
  readonly inner: Map<string, JsonPosition>;
}

/** Where every value in a JSON text begins; if the text does not parse, the values before its fault. */
export function locateJsonFields(text: string): JsonPosition {
  const root: JsonPosition = { offset: 0, inner: new Map() };
  const parser = new JsonParser(text, false, root);
  try {
    parser.parseDocument();
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
  }
  return root;
}

/**
 * Parses JSON exactly as `JSON.parse` does, and reports what that does not: the position of the first
 * fault, and the keys that occur twice in one object (the last value wins; if there are many, the first
 * are listed). Text beyond the limits of JSON documents is a fault, and so is a number that is not finite.
 * Never throws. A fault's message quotes at most one character of the text.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): JsonResult {
  const parser = new JsonParser(text, options.comments ?? false, null);
  try {
    return { value: parser.parseDocument(), duplicates: parser.duplicates };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { fault: { message: error.message, offset: error.offset, ...locateOffset(text, error.offset) } };
  }
}

class SyntaxFault extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /true|false|null/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WORD_VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class JsonParser {
  readonly duplicates: DuplicateKey[] = [];
  readonly #comments: boolean;
  readonly #text: string;
  readonly #path: string[] = [];
  readonly #locate: (offset: number) => TextPosition;
  /** The path of the object or array that is being read; null if positions are not needed. */
  #position: JsonPosition | null;
  #offset = 0;
  #values = 0;

  constructor(text: string, comments: boolean, position: JsonPosition | null) {
    this.#text = text;
    this.#comments = comments;
    this.#position = position;
    this.#locate = createOffsetLocator(text);
  }

  parseDocument(): unknown {
    if (this.#text.length > MAX_JSON_CHARACTERS) {
      const message = `the text has ${this.#text.length} characters; the limit is ${MAX_JSON_CHARACTERS}`;
      throw new SyntaxFault(message, 0);
    }
    if (this.#text.startsWith('\uFEFF')) {
      throw new SyntaxFault('the file begins with a byte order mark; save it as UTF-8 without one', 0);
    }
    const value = this.#parseValue(0);
    this.#skipSpace();
    if (this.#offset < this.#text.length) throw this.#unexpected('the end of the text');
    return value;
  }

  #parseValue(depth: number): unknown {
    if (depth > MAX_JSON_DEPTH)
      throw new SyntaxFault(`nested too deeply; the limit is ${MAX_JSON_DEPTH}`, this.#offset);
    this.#values += 1;
    if (this.#values > MAX_JSON_VALUES)
      throw new SyntaxFault(`too many values; the limit is ${MAX_JSON_VALUES}`, this.#offset);
    this.#skipSpace();
    switch (this.#text[this.#offset]) {
      case '{':
        return this.#parseObject(depth);
      case '[':
        return this.#parseArray(depth);
      case '"':
        return this.#parseString();
      default:
        return this.#parseScalar();
    }
  }

  #parseObject(depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    this.#offset += 1;
    if (this.#take('}')) return result;
    do {
      this.#skipSpace();
      if (this.#comments && this.#text[this.#offset] === '}') break;
      const keyOffset = this.#offset;
      if (this.#text[keyOffset] !== '"') throw this.#unexpected('a key in double quotes');
      const key = this.#parseString();
      if (!this.#take(':')) throw this.#unexpected('":"');
      if (key.length > MAX_JSON_KEY_CHARACTERS) {
        const message = `a key has ${key.length} characters; the limit is ${MAX_JSON_KEY_CHARACTERS}`;
        throw new SyntaxFault(message, keyOffset);
      }
      this.#path.push(key);
      if (Object.hasOwn(result, key) && this.duplicates.length < MAX_DUPLICATES) {
        const field = this.#path.join('.');
        this.duplicates.push({ field, offset: keyOffset, ...this.#locate(keyOffset) });
      }
      const value = this.#parseInner(key, keyOffset, depth);
      this.#path.pop();
      // Plain assignment to `__proto__` would change the prototype instead of adding a key.
      Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#unexpected('"," or "}"');
    return result;
  }

  #parseArray(depth: number): unknown[] {
    const result: unknown[] = [];
    this.#offset += 1;
    if (this.#take(']')) return result;
    do {
      this.#skipSpace();
      if (this.#comments && this.#text[this.#offset] === ']') break;
      const key = String(result.length);
      this.#path.push(key);
      result.push(this.#parseInner(key, this.#offset, depth));
      this.#path.pop();
    } while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected('"," or "]"');
    return result;
  }

  #parseInner(key: string, offset: number, depth: number): unknown {
    const outer = this.#position;
    if (outer !== null) {
      this.#position = { offset, inner: new Map() };
      outer.inner.set(key, this.#position);
    }
    const value = this.#parseValue(depth + 1);
    this.#position = outer;
    return value;
  }

  #parseString(): string {
    const start = this.#offset;
    const raw = this.#text.slice(start, this.#findStringEnd(start));
    this.#offset += raw.length;
    try {
      const value: unknown = JSON.parse(raw);
      return String(value);
    } catch {
      throw new SyntaxFault('a string holds a raw control character or a wrong escape', start);
    }
  }

  #findStringEnd(start: number): number {
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const sign = this.#text.charCodeAt(at);
      if (sign === QUOTE) return at + 1;
      if (sign === BACKSLASH) at += 1;
    }
    throw new SyntaxFault('a string is not closed', start);
  }

  #parseScalar(): unknown {
    const word = this.#match(WORD);
    if (word !== null) return WORD_VALUES.get(word);
    const number = this.#match(NUMBER);
    if (number !== null) {
      const value = Number(number);
      if (Number.isFinite(value)) return value;
      throw new SyntaxFault('a number is too large', this.#offset - number.length);
    }
    throw this.#unexpected('a value');
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return null;
    this.#offset += found.length;
    return found;
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#offset] !== character) return false;
    this.#offset += 1;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      while (this.#offset < this.#text.length && ' \t\r\n'.includes(this.#text.charAt(this.#offset))) {
        this.#offset += 1;
      }
      if (!this.#comments) return;
      const start = this.#offset;
      if (this.#match(COMMENT) !== null) continue;
      if (this.#text.startsWith('/*', start)) throw new SyntaxFault('a comment is not closed', start);
      return;
    }
  }

  #unexpected(wanted: string): SyntaxFault {
    const found = this.#text[this.#offset];
    const what = found === undefined ? 'the text ends' : `there is ${JSON.stringify(found)}`;
    return new SyntaxFault(`${what} where ${wanted} is expected`, this.#offset);
  }
}
