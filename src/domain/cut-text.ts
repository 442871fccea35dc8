/**
 * Text of at most `maxCharacters` (UTF-16 units, 40 at least): a longer one keeps its beginning, and says
 * how much is missing. No character is cut in two. Without NUL and lone surrogates, which neither
 * PostgreSQL nor Protocol Buffers store, so that storing or sending it cannot fail.
 */
export function cutText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return toStorable(text);
  // The note's own length depends on the number in it, which is at most that of the whole text.
  const room = maxCharacters - cutNote(text.length).length;
  const end = endsInPair(text, room) ? room - 1 : room;
  return toStorable(text.slice(0, end)) + cutNote(text.length - end);
}

/** The note at the end of a text whose last `characters` are left out. */
export function cutNote(characters: number): string {
  return `… (cut, ${characters} characters)`;
}

function endsInPair(text: string, end: number): boolean {
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff;
}

function toStorable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
