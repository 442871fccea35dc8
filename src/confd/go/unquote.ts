import { toBytes, type ByteString } from './bytes.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/**
 * The bytes that a quoted string or character of a template means, by the rules of Go.
 *
 * @returns null if it breaks those rules.
 */
export function unquote(quoted: ByteString): ByteString | null {
  const quote = quoted.charAt(0);
  const inner = quoted.slice(1, -1);
  if (quote === '`') return inner.replaceAll('\r', '');
  let result = '';
  for (let index = 0; index < inner.length; index += 1) {
    const sign = inner.charAt(index);
    if (sign !== '\\') {
      result += sign;
      continue;
    }
    const escape = readEscape(inner.slice(index + 1), quote);
    if (escape === null) return null;
    result += escape.bytes;
    index += escape.length;
  }
  return result;
}

function readEscape(rest: string, quote: string): { bytes: ByteString; length: number } | null {
  const sign = rest.charAt(0);
  const simple = SIMPLE[sign];
  if (simple !== undefined) return { bytes: simple, length: 1 };
  if (sign === quote) return { bytes: quote, length: 1 };
  const octal = /^[0-7]{3}/.exec(rest)?.[0];
  if (octal !== undefined) {
    const code = Number.parseInt(octal, 8);
    return code > 255 ? null : { bytes: String.fromCharCode(code), length: 3 };
  }
  const hex = /^(x)([0-9a-fA-F]{2})|^(u)([0-9a-fA-F]{4})|^(U)([0-9a-fA-F]{8})/.exec(rest);
  if (hex === null) return null;
  const code = Number.parseInt(hex[2] ?? hex[4] ?? hex[6] ?? '', 16);
  const length = hex[0].length;
  if (hex[1] === 'x') return { bytes: String.fromCharCode(code), length };
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return null;
  return { bytes: toBytes(String.fromCodePoint(code)), length };
}
