/** A part of a stream of documents: the part before it ends at a line that begins with `---`. */
export interface YamlPart {
  /** `---` with the blanks after it; empty before the first. */
  readonly separator: string;
  readonly text: string;
}

/**
 * Splits a stream into documents as helm does: wherever a line begins with `---`. Joined again, separators
 * and texts are the stream, byte for byte.
 */
export function splitDocuments(stream: string): readonly YamlPart[] {
  const parts: YamlPart[] = [];
  let separator = '';
  let start = 0;
  for (const match of stream.matchAll(/^---[ \t]*/gm)) {
    if (match.index > 0) parts.push({ separator, text: stream.slice(start, match.index) });
    [separator] = match;
    start = match.index + separator.length;
  }
  parts.push({ separator, text: stream.slice(start) });
  return parts;
}
