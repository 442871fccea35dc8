import { WindlassError, type ErrorKind, type WindlassErrorOptions } from '../domain/index.ts';

/** What a cloud's failure becomes; a provider lists its rules in one table, and the first that fits counts. */
export interface ErrorRule<Failure> {
  fits(failure: Failure): boolean;
  readonly kind: ErrorKind;
  readonly code: string;
  /** What a user reads; the cloud's own sentence where it is left out. */
  say?(failure: Failure): string;
  /** What else is known of it; `code` is the rule's. */
  options?(failure: Failure): Omit<WindlassErrorOptions, 'code'>;
}

/**
 * The error that a table makes of a failure. Its last rule should fit everything.
 *
 * @param said the cloud's own sentence, redacted: it often holds the cure.
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

/** What a program's output becomes, by what it writes. */
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
