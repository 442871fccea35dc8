import {
  compilePattern,
  createPatternBudget,
  OverLimitError,
  PatternError,
  type WorkBudget,
} from '../bounds/index.ts';
import type { FormItem } from './form.ts';
import { isSealedValue, isSecretReference, listSome, quoteValue } from './values.ts';

/** The reason why a value does not fit its item. The message never quotes a password. */
export interface ValueFault {
  readonly kind: 'type' | 'limit';
  readonly message: string;
}

/**
 * Checks that a given value fits its item: type, then range, min, max, step and pattern. A password that
 * is already sealed or a reference is checked only for presence. All values of one form share the time
 * budget for patterns.
 */
export function checkFormValue(
  item: FormItem,
  value: unknown,
  budget: WorkBudget = createPatternBudget(),
): ValueFault | null {
  if (item.type === 'password' && (isSecretReference(value) || isSealedValue(value))) return null;
  if (item.multichoice && item.range.length > 0) return checkChoices(item, value);
  const typeFault = checkType(item, value);
  if (typeFault !== null) return { kind: 'type', message: typeFault };
  const limitFault = checkRange(item, value) ?? checkNumber(item, value) ?? checkPattern(item, value, budget);
  return limitFault === null ? null : { kind: 'limit', message: limitFault };
}

function checkType(item: FormItem, value: unknown): string | null {
  switch (item.type) {
    case 'integer':
      return Number.isSafeInteger(value) ? null : `must be a whole number, not ${quoteFor(item, value)}`;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
        ? null
        : `must be a number, not ${quoteFor(item, value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : `must be true or false, not ${quoteFor(item, value)}`;
    case 'string':
    case 'service':
      return typeof value === 'string' ? null : `must be a string, not ${quoteFor(item, value)}`;
    case 'password':
      return typeof value === 'string' ? null : 'must be a string';
    default:
      return null;
  }
}

function checkRange(item: FormItem, value: unknown): string | null {
  if (item.range.length === 0 || isChoice(item, value)) return null;
  return `must be one of ${quoteRange(item)}, not ${quoteFor(item, value)}`;
}

function checkChoices(item: FormItem, value: unknown): ValueFault | null {
  const choices = toChoices(item, value);
  if (choices === null) {
    const wanted = `a string of choices joined by ${JSON.stringify(item.separator)}, or an array of them`;
    return { kind: 'type', message: `must be ${wanted}, not ${quoteFor(item, value)}` };
  }
  const offered = new Set(item.range.map(toChoiceText));
  const wrong = choices.find((choice) => !offered.has(choice));
  if (wrong !== undefined) {
    return { kind: 'limit', message: `${quoteFor(item, wrong)} is not one of ${quoteRange(item)}` };
  }
  const seen = new Set<string>();
  const twice = choices.find((choice) => seen.size === seen.add(choice).size);
  return twice === undefined ? null : { kind: 'limit', message: `${quoteFor(item, twice)} is chosen twice` };
}

/** The single choices of a multichoice value, given as joined text or as an array; null for anything else. */
export function toChoices(item: FormItem, value: unknown): readonly string[] | null {
  if (typeof value === 'string') {
    return value === '' ? [] : value.split(item.separator).map((choice) => choice.trim());
  }
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (!Array.isArray(value)) return null;
  const scalars = value.every((entry) => ['string', 'number', 'boolean'].includes(typeof entry));
  return scalars ? value.map(String) : null;
}

// Compared as text: packages write the range of a string item as numbers, and the reverse.
function isChoice(item: FormItem, value: unknown): boolean {
  return item.range.some((choice) => toChoiceText(choice) === toChoiceText(value));
}

/** A choice in the form in which it is written and compared. */
export function toChoiceText(choice: unknown): string {
  return typeof choice === 'string' ? choice : (JSON.stringify(choice) ?? '');
}

function checkNumber(item: FormItem, value: unknown): string | null {
  if (typeof value !== 'number') return null;
  if (item.min !== undefined && value < item.min) return `must be ${item.min} or more, not ${value}`;
  if (item.max !== undefined && value > item.max) return `must be ${item.max} or less, not ${value}`;
  if (item.step === undefined || item.step <= 0) return null;
  const steps = (value - (item.min ?? 0)) / item.step;
  // Tolerates the rounding of binary fractions with a step such as 0.1.
  if (Math.abs(steps - Math.round(steps)) < 1e-9) return null;
  const from = item.min === undefined ? '' : `, counted from ${item.min}`;
  return `must rise in steps of ${item.step}${from}; ${value} does not`;
}

function checkPattern(item: FormItem, value: unknown, budget: WorkBudget): string | null {
  if (item.pattern === undefined || typeof value !== 'string') return null;
  try {
    if (compilePattern(item.pattern, budget).isFoundIn(value)) return null;
  } catch (error) {
    if (error instanceof OverLimitError) return `cannot be checked: ${error.message}`;
    // A form that an older release has parsed may still contain it.
    if (error instanceof PatternError) return null;
    throw error;
  }
  const shown = item.type === 'password' ? '' : `${quoteValue(value)} `;
  return `${shown}does not match the pattern ${item.pattern}`.trimStart();
}

function quoteRange(item: FormItem): string {
  return listSome(item.range.map((choice) => quoteValue(choice)));
}

function quoteFor(item: FormItem, value: unknown): string {
  return item.type === 'password' ? 'the given value' : quoteValue(value);
}
