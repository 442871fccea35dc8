/** A Go string: one JavaScript character (0–255) for each byte. */
export type ByteString = string;

/** Text as Go would hold it: its UTF-8 bytes. */
export function toBytes(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of the bytes; bytes that are not UTF-8 become U+FFFD. */
export function toText(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * The characters (Go's runes) of a byte string, each as its bytes; a byte that is not UTF-8 is a character
 * of its own.
 */
export function splitRunes(bytes: ByteString): ByteString[] {
  const runes: ByteString[] = [];
  for (let index = 0; index < bytes.length;) {
    const rune = wholeRuneAt(bytes, index) ?? bytes.charAt(index);
    runes.push(rune);
    index += rune.length;
  }
  return runes;
}

/** The bytes of the well-formed character at a position, or null. */
export function wholeRuneAt(bytes: ByteString, index: number): ByteString | null {
  const lead = bytes.charCodeAt(index);
  if (lead < 0x80) return bytes.charAt(index);
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  const slice = bytes.slice(index, index + length);
  if (length === 0 || slice.length < length) return null;
  return toBytes(toText(slice)) === slice ? slice : null;
}
