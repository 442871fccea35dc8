import { cutNote } from '../domain/index.ts';
import { findGuesses, findSecretShapes, REDACTED, replaceSpans, type Span } from '../masking/index.ts';
import { createKnownSecrets, RETENTION, type Retention } from './known-secrets.ts';
import { copyPlain } from './copy-plain.ts';

/**
 * Removes secrets from text and data on their way to a log, an error or a terminal. No function here
 * throws: if something fails, a fixed text replaces the whole.
 */
export interface Redactor {
  /**
   * From now on this value is masked wherever it appears, in every usual spelling: until the work that it
   * was registered in (see `during`) has ended, and some time longer. Values shorter than 4 characters are
   * not masked: they occur in every text, and the gaps would reveal them.
   */
  register(secret: string): void;
  /** Runs work; the secrets that it registers are in use until it has ended. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Masks registered values, private keys and passwords in addresses; also values after well-known names
   * (`password=…`, `"secretAccessKey": "…"`): for text of other programs.
   */
  redactText(text: string): string;
  /** The same without the names: for sentences of windlass itself, which lose no word by it. */
  redactMessage(text: string): string;
  /**
   * A copy as plain data in which texts are redacted, and the value of a key with a well-known name is
   * masked whatever it is. Errors become their fields; cycles and values that are nested too deeply become
   * a note. The input is not changed.
   */
  redactValue(value: unknown): unknown;
}

/** Replaces a text that could not be searched for secrets. */
export const WITHHELD = '[withheld: it could not be searched for secrets]';

/** Text beyond this limit is cut off. */
const LONGEST_TEXT = 1_000_000;
/** Secrets that begin before the cut are searched to their ends: hexadecimal bytes with blanks between. */
const LONGEST_SPELLING = 6;
const LONGEST_SHAPE = 16_384;

/** A redactor that always knows the given secrets. */
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
