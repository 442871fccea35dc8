/** Where in a text something is; both count from 1. */
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

export type JsonResult =
  | { readonly value: unknown; readonly duplicates: readonly DuplicateKey[] }
  | { readonly fault: JsonFault };

// Deeper than any package, and far from the end of the call stack.
const MAX_DEPTH = 200;

/** Line and column of an offset; an offset beyond the end is the end. */
export function locateOffset(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}

export interface ParseJsonOptions {
  /** Also take comments and a comma before the end of an object or array, for files that people write. */
  readonly comments?: boolean;
}

/** Where each key and element of a JSON text begins, by its dotted path; nothing for other texts. */
export function locateJsonFields(text: string): ReadonlyMap<string, number> {
  const parser = new JsonParser(text, false);
  try {
    parser.parseDocument();
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
  }
  return parser.offsets;
}

/**
 * Parses JSON exactly as `JSON.parse` does, and says what that does not: the position of the first
 * fault, and the keys that occur twice in one object (the last value wins). Never throws. A fault's
 * message quotes at most one character of the text.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): JsonResult {
  const parser = new JsonParser(text, options.comments ?? false);
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
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const WORD_VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class JsonParser {
  readonly duplicates: DuplicateKey[] = [];
  readonly offsets = new Map<string, number>();
  readonly #comments: boolean;
  readonly #text: string;
  readonly #path: string[] = [];
  #offset = 0;

  constructor(text: string, comments: boolean) {
    this.#text = text;
    this.#comments = comments;
  }

  parseDocument(): unknown {
    if (this.#text.startsWith('\uFEFF')) {
      throw new SyntaxFault('the file begins with a byte order mark; save it as UTF-8 without one', 0);
    }
    const value = this.#parseValue(0);
    this.#skipSpace();
    if (this.#offset < this.#text.length) throw this.#unexpected('the end of the text');
    return value;
  }

  #parseValue(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new SyntaxFault(`nested deeper than ${MAX_DEPTH}`, this.#offset);
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
      this.#path.push(key);
      this.offsets.set(this.#path.join('.'), keyOffset);
      if (Object.hasOwn(result, key)) {
        const field = this.#path.join('.');
        this.duplicates.push({ field, offset: keyOffset, ...locateOffset(this.#text, keyOffset) });
      }
      const value = this.#parseValue(depth + 1);
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
      this.#path.push(String(result.length));
      this.offsets.set(this.#path.join('.'), this.#offset);
      result.push(this.#parseValue(depth + 1));
      this.#path.pop();
    } while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected('"," or "]"');
    return result;
  }

  #parseString(): string {
    const start = this.#offset;
    const raw = this.#match(STRING);
    if (raw === null) throw new SyntaxFault('a string is not closed', start);
    try {
      const value: unknown = JSON.parse(raw);
      return String(value);
    } catch {
      throw new SyntaxFault('a string holds a raw control character or a wrong escape', start);
    }
  }

  #parseScalar(): unknown {
    const word = this.#match(WORD);
    if (word !== null) return WORD_VALUES.get(word);
    const number = this.#match(NUMBER);
    if (number !== null) return Number(number);
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
