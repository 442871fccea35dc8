import type { Span } from './spans.ts';

/** Secrets that are recognised by their form alone: private keys, and passwords in addresses. */
export function findSecretShapes(text: string): readonly Span[] {
  return [...findPrivateKeys(text), ...findUrlPasswords(text)];
}

const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

function findPrivateKeys(text: string): readonly Span[] {
  const spans: Span[] = [];
  const begins = new RegExp(KEY_BEGIN);
  for (let begin = begins.exec(text); begin !== null; begin = begins.exec(text)) {
    const close = text.indexOf('-----END ', begins.lastIndex);
    const dashes = close < 0 ? -1 : text.indexOf('-----', close + 9);
    const end = dashes < 0 ? text.length : dashes + 5;
    spans.push({ start: begin.index, end });
    begins.lastIndex = end;
  }
  return spans;
}

/** A user name this long is a token. */
const LONGEST_USER = 20;

/**
 * The password of `scheme://user:password@host`, and a token in the place of the user. Passwords may hold
 * slashes and characters that an address would have to encode.
 */
function findUrlPasswords(text: string): readonly Span[] {
  const spans: Span[] = [];
  // The end of the word that contains `at`, and its last @: found once for each word.
  let wordEnd = -1;
  let lastAt = -1;
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    const start = at + 3;
    if (start > wordEnd) {
      wordEnd = endOfAddress(text, start);
      lastAt = lastIndexWithin(text, start, wordEnd);
    }
    if (lastAt < start) continue;
    const span = findPassword(text, start, wordEnd, lastAt);
    if (span === null) continue;
    spans.push(span);
    at = span.end - 3;
  }
  return spans;
}

function findPassword(text: string, start: number, wordEnd: number, lastAt: number): Span | null {
  const authorityEnd = endOf(/[/?#]/, text, start, wordEnd);
  const at = lastIndexWithin(text, start, authorityEnd);
  const user = endOf(/[:/?#@]/, text, start, wordEnd);
  const hasPassword = text.charAt(user) === ':';
  // A password may hold slashes and an @ itself: it ends with the last one.
  if (at >= start && hasPassword) return user + 1 < lastAt ? { start: user + 1, end: lastAt } : null;
  if (at >= start) {
    return at - start >= LONGEST_USER ? { start, end: at } : null;
  }
  // host:8080/path@version has no password; user:pass/word@host has.
  if (!hasPassword || /^\d{0,5}$/.test(text.slice(user + 1, Math.min(authorityEnd, user + 7)))) return null;
  return { start: user + 1, end: lastAt };
}

/** The index of the last @; -1 if there is none. Reads nothing else of the text. */
function lastIndexWithin(text: string, start: number, end: number): number {
  const index = text.slice(start, end).lastIndexOf('@');
  return index < 0 ? -1 : start + index;
}

function endOfAddress(text: string, start: number): number {
  return endOf(/[\s"'`<>]/, text, start, text.length);
}

function endOf(end: RegExp, text: string, start: number, limit: number): number {
  let at = start;
  while (at < limit && !end.test(text.charAt(at))) at += 1;
  return at;
}

const AUTHORIZATION = /\b(?:Bearer|Basic|bearer|basic)\s{1,8}([A-Za-z0-9._~+/=-]{8,})/g;

/** `Bearer …` and `Basic …`, unless they are words of a sentence. */
export function findAuthorizations(text: string): readonly Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(AUTHORIZATION)) {
    const token = match[1] ?? '';
    const end = match.index + match[0].length;
    if (!/^[a-z]+[.,]?$/.test(token)) spans.push({ start: end - token.length, end });
  }
  return spans;
}
