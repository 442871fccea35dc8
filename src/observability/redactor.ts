import { cutNote } from '../domain/index.ts';
import { findGuesses, findSecretShapes, REDACTED, replaceSpans, type Span } from '../masking/index.ts';
import { createKnownSecrets, RETENTION, type Retention } from './known-secrets.ts';
import { copyPlain } from './copy-plain.ts';

/**
 * Takes secrets out of text and data on their way to a log, an error or a terminal. Nothing here
 * throws: where something goes wrong, a fixed text takes the place of the whole.
 */
export interface Redactor {
  /**
   * From now on this value is masked wherever it appears, in every usual spelling: until the work
   * that it was registered in (see `during`) has ended, and some time longer. Values shorter than 4 characters
   * are not: they stand in every text, and would show by being taken out.
   */
  register(secret: string): void;
  /** Runs work; what it registers is in use until it has ended. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Masks registered values, private keys and passwords in addresses; also what follows well-known names
   * (`password=…`, `"secretAccessKey": "…"`): for text that others have written.
   */
  redactText(text: string): string;
  /** Likewise without the names: for sentences of windlass itself, which lose no word by it. */
  redactMessage(text: string): string;
  /**
   * A copy as plain data in which texts are redacted, and the value of a key with a well-known name is masked
   * whatever it is. Errors become their fields, cycles and what is too deep a note. The input is not changed.
   */
  redactValue(value: unknown): unknown;
}

/** What is sent instead of a text that could not be searched for secrets. */
export const WITHHELD = '[withheld: it could not be searched for secrets]';

/** What is beyond is cut off. */
const LONGEST_TEXT = 1_000_000;
/** Secrets that begin before the cut are looked for to their ends: hexadecimal bytes with blanks between. */
const LONGEST_SPELLING = 6;
const LONGEST_SHAPE = 16_384;

/** A redactor that knows the given secrets for good. */
export function createRedactor(secrets: Iterable<string> = [], retention: Retention = RETENTION): Redactor {
  const known = createKnownSecrets(secrets, retention);

  function mask(text: string, findMore: (text: string) => readonly Span[]): string {
    try {
      const given = typeof text === 'string' ? text : String(text);
      const searched = given.slice(0, LONGEST_TEXT + LONGEST_SPELLING * known.longest() + LONGEST_SHAPE);
      const found = known.find(searched);
      if (found === null) return WITHHELD;
      const spans = [...found, ...findMore(searched)];
      if (given.length <= LONGEST_TEXT) return replaceSpans(given, spans, REDACTED);
      const shown = spans.filter(({ start }) => start < LONGEST_TEXT);
      return (
        replaceSpans(given.slice(0, LONGEST_TEXT), shown, REDACTED) + cutNote(given.length - LONGEST_TEXT)
      );
    } catch {
      return WITHHELD;
    }
  }

  const redactText = (text: string): string => mask(text, findGuesses);
  const redactMessage = (text: string): string => mask(text, findSecretShapes);
  return {
    register(secret) {
      known.register(secret);
    },
    during: (work) => known.during(work),
    redactText,
    redactMessage,
    redactValue: (value) => copyPlain(value, { redactText, redactMessage }),
  };
}
