import { toBytes, toText, wholeRuneAt, type ByteString } from './bytes.ts';

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Go's `%q`: with `raw`, in backquotes if possible; with `ascii`, everything beyond ASCII is escaped. */
export function quote(
  bytes: ByteString,
  options: { readonly raw: boolean; readonly ascii: boolean; readonly mark?: string },
): ByteString {
  const { mark = '"' } = options;
  const text = toText(bytes);
  if (options.raw && canBackquote(bytes, text)) return `\`${bytes}\``;
  let result = mark;
  for (let index = 0; index < bytes.length;) {
    const rune = wholeRuneAt(bytes, index);
    if (rune === null) {
      result += `\\x${bytes.charCodeAt(index).toString(16).padStart(2, '0')}`;
      index += 1;
    } else {
      result += quoteRune(toText(rune), mark, options.ascii);
      index += rune.length;
    }
  }
  return result + mark;
}

function quoteRune(rune: string, mark: string, ascii: boolean): ByteString {
  if (rune === mark) return `\\${mark}`;
  const short = SHORT[rune];
  if (short !== undefined) return short;
  const code = rune.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x7f || (!ascii && isPrintable(rune))) return toBytes(rune);
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Whether Go prints a character unescaped: letters, marks, numbers, punctuation, symbols, and the space. */
export function isPrintable(rune: string): boolean {
  return rune === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(rune);
}

function canBackquote(bytes: ByteString, text: string): boolean {
  if (toBytes(text) !== bytes) return false;
  // A tab is the one control character that is allowed there.
  return !Array.from(text).some(
    (rune) => rune === '`' || rune === '\ufeff' || (rune !== '\t' && isControl(rune)),
  );
}

function isControl(rune: string): boolean {
  return rune < ' ' || rune === '\u007f';
}
