/** A part of a text, from the first character to the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text with a mask in place of each part; parts that overlap or touch become one. */
export function replaceSpans(text: string, spans: readonly Span[], mask: string): string {
  if (spans.length === 0) return text;
  const pieces: string[] = [];
  let shown = 0;
  let hiddenTo = -1;
  for (const { start, end } of spans.toSorted((left, right) => left.start - right.start)) {
    if (start > hiddenTo) {
      pieces.push(text.slice(shown, start), mask);
      hiddenTo = end;
    } else {
      hiddenTo = Math.max(hiddenTo, end);
    }
    shown = hiddenTo;
  }
  pieces.push(text.slice(shown));
  return pieces.join('');
}
