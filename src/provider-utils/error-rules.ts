import { WindlassError, type ErrorKind, type WindlassErrorOptions } from '../domain/index.ts';

/**
 * How a cloud's failure is translated; a provider lists its rules in one table, and the first that matches
 * counts.
 */
export interface ErrorRule<Failure> {
  fits(failure: Failure): boolean;
  readonly kind: ErrorKind;
  readonly code: string;
  /** The message for the user; the cloud's own sentence if absent. */
  say?(failure: Failure): string;
  /** Further details; `code` is the rule's. */
  options?(failure: Failure): Omit<WindlassErrorOptions, 'code'>;
}

/**
 * Translates a failure by a table of rules. The last rule should match everything.
 *
 * @param said the cloud's own sentence, redacted: it often says what to do.
 * @param cause holds no secret: it is logged.
 */
export function toErrorByRules<Failure>(
  rules: readonly ErrorRule<Failure>[],
  failure: Failure,
  said: string,
  cause?: Error,
): WindlassError {
  const rule = rules.find((candidate) => candidate.fits(failure));
  if (rule === undefined) return new WindlassError('internal', said, { code: 'ERROR_WITHOUT_RULE' });
  return new WindlassError(rule.kind, rule.say?.(failure) ?? said, {
    ...rule.options?.(failure),
    code: rule.code,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** How a program's output is translated, by its text. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string;
}

/** The first rule whose pattern is in the text. */
export function findTextRule(rules: readonly TextRule[], text: string): TextRule | undefined {
  return rules.find(({ pattern }) => pattern.test(text));
}
