const MASK = '******';
/** Shorter beginnings of a secret are too common in ordinary text to mean anything. */
const SHORTEST_PART = 3;

/**
 * Takes secret values out of text: as they are, and as JSON and URLs write them. `cutAtStart` and
 * `cutAtEnd` say that the text is a window: then the rest of a secret that the cut went through
 * is taken out too.
 */
export function maskSecrets(
  text: string,
  secrets: readonly string[],
  window: { readonly cutAtStart?: boolean; readonly cutAtEnd?: boolean } = {},
): string {
  const spellings = spellSecrets(secrets);
  let masked = text;
  for (const spelling of spellings) masked = masked.replaceAll(spelling, MASK);
  if (window.cutAtStart === true) {
    const length = longestPart(spellings, (spelling, size) => masked.startsWith(spelling.slice(-size)));
    if (length > 0) masked = MASK + masked.slice(length);
  }
  if (window.cutAtEnd === true) {
    const length = longestPart(spellings, (spelling, size) => masked.endsWith(spelling.slice(0, size)));
    if (length > 0) masked = masked.slice(0, -length) + MASK;
  }
  return masked;
}

/** Longest first, so that a secret that is part of another does not leave the other's rest. */
function spellSecrets(secrets: readonly string[]): readonly string[] {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    if (secret === '') continue;
    spellings.add(secret);
    spellings.add(JSON.stringify(secret).slice(1, -1));
    spellings.add(encodeURIComponent(secret.toWellFormed()));
  }
  return [...spellings].sort((left, right) => right.length - left.length);
}

function longestPart(
  spellings: readonly string[],
  matches: (spelling: string, size: number) => boolean,
): number {
  let longest = 0;
  for (const spelling of spellings) {
    for (let size = spelling.length - 1; size >= SHORTEST_PART && size > longest; size -= 1) {
      if (matches(spelling, size)) longest = size;
    }
  }
  return longest;
}
