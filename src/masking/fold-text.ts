/**
 * A text in the form that is searched: in lower case and without blanks, so that a secret is found in any
 * case, and also if a program has wrapped it over several lines.
 */
export interface FoldedText {
  readonly text: string;
  /** The position of each of its characters in the original text; null if they are the same. */
  readonly positions: Int32Array | null;
}

const BLANKS = /[\0- ]+/g;

export function foldText(text: string): FoldedText {
  const lower = toLowerCase(text);
  const folded = lower.replace(BLANKS, '');
  if (folded.length === lower.length) return { text: folded, positions: null };
  const positions = new Int32Array(folded.length);
  let count = 0;
  for (let index = 0; index < lower.length; index += 1) {
    if (isBlank(lower.charCodeAt(index))) continue;
    positions[count] = index;
    count += 1;
  }
  return { text: folded, positions };
}

export function isBlank(unit: number): boolean {
  return unit <= 0x20;
}

/** Keeps the length: İ would become two characters. The form of a sigma depends on the next character. */
function toLowerCase(text: string): string {
  return text.replaceAll('İ', 'i').toLowerCase().replaceAll('ς', 'σ');
}
