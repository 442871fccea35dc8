import {
  createSecretIndex,
  foldText,
  replaceSpans,
  SHORTEST_SECRET,
  spellSecret,
  type Span,
} from '../masking/index.ts';

const MASK = '******';
/** Shorter beginnings of a secret are too common in ordinary text to mean anything. */
const SHORTEST_PART = 3;

/** Replaces a text that may hold a secret which masking would reveal letter by letter. */
export const TOO_SHORT_TO_MASK = `[output not shown: a secret of the cluster has fewer than ${SHORTEST_SECRET} characters, and masking it would reveal it]`;
const NOT_SEARCHED = '[output not shown: it could not be searched for secrets]';

/**
 * Removes secret values from text, in every usual spelling. `cutAtStart` and `cutAtEnd` say that the text
 * is a window of a longer one: then the rest of a secret at the cut is removed too.
 *
 * A secret of fewer than 4 characters cannot be masked: the gaps would show where it was. Then a sentence
 * replaces the whole text, whether the secret is in it or not. Never throws.
 */
export function maskSecrets(
  text: string,
  secrets: readonly string[],
  window: { readonly cutAtStart?: boolean; readonly cutAtEnd?: boolean } = {},
): string {
  const given = [...new Set(secrets)].filter((secret) => secret !== '');
  if (text === '' || given.length === 0) return text;
  try {
    if (given.some((secret) => foldText(secret).text.length < SHORTEST_SECRET)) return TOO_SHORT_TO_MASK;
    const index = createSecretIndex<null>();
    const spellings = given.flatMap((secret) => spellSecret(secret));
    index.add(null, spellings);
    const found = index.find(text);
    if (found === null) return NOT_SEARCHED;
    const parts = findParts(text, [...new Set(spellings.map((one) => foldText(one.text).text))], window);
    return replaceSpans(text, [...found, ...parts], MASK);
  } catch {
    return NOT_SEARCHED;
  }
}

/** For secrets that the window's edge has cut, the part that is left in it. */
function findParts(
  text: string,
  spellings: readonly string[],
  { cutAtStart = false, cutAtEnd = false }: { readonly cutAtStart?: boolean; readonly cutAtEnd?: boolean },
): readonly Span[] {
  const spans: Span[] = [];
  const folded = foldText(text);
  const { length } = folded.text;
  const place = (at: number): number => (folded.positions === null ? at : (folded.positions[at] ?? 0));
  if (cutAtStart) {
    const left = longest(spellings, (spelling) => overlap(spelling, folded.text));
    if (left >= SHORTEST_PART) spans.push({ start: 0, end: place(left - 1) + 1 });
  }
  if (cutAtEnd) {
    const left = longest(spellings, (spelling) => overlap(folded.text, spelling));
    // Not necessarily at the end of the text: blanks after it, such as a line break, are not part of it.
    if (left >= SHORTEST_PART) spans.push({ start: place(length - left), end: place(length - 1) + 1 });
  }
  return spans;
}

function longest(spellings: readonly string[], measure: (spelling: string) => number): number {
  return spellings.reduce((most, spelling) => Math.max(most, measure(spelling)), 0);
}

/** How many characters at the end of one text are the beginning of the other, by Knuth, Morris and Pratt. */
function overlap(before: string, after: string): number {
  const most = Math.min(before.length, after.length);
  const text = before.slice(before.length - most);
  const borders = new Int32Array(most);
  for (let at = 1, length = 0; at < most; at += 1) {
    while (length > 0 && after[at] !== after[length]) length = borders[length - 1] ?? 0;
    if (after[at] === after[length]) length += 1;
    borders[at] = length;
  }
  let length = 0;
  for (let at = 0; at < most; at += 1) {
    while (length > 0 && (length === most || text[at] !== after[length])) length = borders[length - 1] ?? 0;
    if (text[at] === after[length]) length += 1;
  }
  return length;
}
