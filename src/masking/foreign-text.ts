import { findNamedValues } from './named-values.ts';
import { findAuthorizations, findSecretShapes } from './secret-shapes.ts';
import { replaceSpans, type Span } from './spans.ts';

/** The text that replaces a secret. */
export const REDACTED = '[redacted]';

/**
 * Finds texts that look like a secret in the output of other programs, by their form or by the name before
 * them.
 */
export function findGuesses(text: string): readonly Span[] {
  return [...findSecretShapes(text), ...findAuthorizations(text), ...findNamedValues(text)];
}

/**
 * Text of another program (a cloud's answer, the output of a command) in the form in which our messages
 * may quote it: values after names such as `password` are removed, known or not. Our own messages do not
 * need that, and would lose words by it ("password: is required"); so it is applied only to quoted text,
 * at the place where it is quoted.
 */
export function maskForeignText(text: string): string {
  return replaceSpans(text, findGuesses(text), REDACTED);
}
