import { findNamedValues } from './named-values.ts';
import { findAuthorizations, findSecretShapes } from './secret-shapes.ts';
import { replaceSpans, type Span } from './spans.ts';

/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** What looks like a secret in text that is not windlass's own, by its form or by the name before it. */
export function findGuesses(text: string): readonly Span[] {
  return [...findSecretShapes(text), ...findAuthorizations(text), ...findNamedValues(text)];
}

/**
 * Text of another program (a cloud's answer, what a command has printed) as it may stand in a message
 * of ours: what follows names such as `password` is taken out, known or not. Messages of ours do not
 * need that, and would lose words by it ("password: is required"); so this is done to what is quoted
 * in them, where it is quoted.
 */
export function maskForeignText(text: string): string {
  return replaceSpans(text, findGuesses(text), REDACTED);
}
