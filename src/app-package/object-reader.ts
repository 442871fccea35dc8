import type { ProblemReport } from './problems.ts';
import { isObject, quoteValue } from './values.ts';

/**
 * Reads the fields of one JSON object by name and type. A field of the wrong type is an error in the
 * report, and reads as absent; fields that were never read are reported as unknown at the end.
 */
export class ObjectReader {
  readonly path: string;
  readonly #file: string;
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #report: ProblemReport;
  readonly #known = new Set<string>();

  constructor(file: string, path: string, value: Readonly<Record<string, unknown>>, report: ProblemReport) {
    this.#file = file;
    this.path = path;
    this.#value = value;
    this.#report = report;
  }

  /** Whether the object has the field at all. */
  has(key: string): boolean {
    return Object.hasOwn(this.#value, key);
  }

  /** The field unchanged; undefined if absent. */
  raw(key: string): unknown {
    this.#known.add(key);
    return this.has(key) ? this.#value[key] : undefined;
  }

  text(key: string): string | undefined {
    return this.#read(key, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  /** A whole number of at least `min`, and at most `max` if there is such a limit. */
  integer(key: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const what = min === 0 ? 'a whole number, not negative' : `a whole number, ${min} or more`;
    const value = this.#read(key, what, (raw) =>
      typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= min ? raw : undefined,
    );
    if (value === undefined || value <= max) return value;
    this.error(key, `is ${value}; the limit is ${max}`);
    return undefined;
  }

  number(key: string): number | undefined {
    return this.#read(key, 'a number', (value) =>
      typeof value === 'number' && Number.isFinite(value) ? value : undefined,
    );
  }

  flag(key: string): boolean | undefined {
    return this.#read(key, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  texts(key: string): readonly string[] | undefined {
    return this.#read(key, 'an array of strings', (value) =>
      Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined,
    );
  }

  list(key: string): readonly unknown[] | undefined {
    return this.#read(key, 'an array', (value) => (Array.isArray(value) ? value : undefined));
  }

  record(key: string): Readonly<Record<string, unknown>> | undefined {
    return this.#read(key, 'an object', (value) => (isObject(value) ? value : undefined));
  }

  /** A reader for the object of a key. */
  object(key: string): ObjectReader | undefined {
    const value = this.record(key);
    return value && new ObjectReader(this.#file, this.pathOf(key), value, this.#report);
  }

  pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  error(key: string, message: string): void {
    this.#report.error(this.#file, { field: this.pathOf(key) }, message);
  }

  warning(key: string, message: string): void {
    this.#report.warning(this.#file, { field: this.pathOf(key) }, message);
  }

  /** Fields that nothing has read; each is reported as unknown and returned. */
  readUnknown(): Record<string, unknown> {
    const unknown = Object.entries(this.#value).filter(([key]) => !this.#known.has(key));
    for (const [key] of unknown) this.warning(key, 'unknown field, kept as it is');
    return Object.fromEntries(unknown);
  }

  #read<Value>(key: string, what: string, toValue: (value: unknown) => Value | undefined): Value | undefined {
    const raw = this.raw(key);
    if (raw === undefined) return undefined;
    const value = toValue(raw);
    if (value === undefined) this.error(key, `must be ${what}, not ${quoteKind(raw)}`);
    return value;
  }
}

/** Describes a wrong value without quoting it: it may be long or secret. */
function quoteKind(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (isObject(value)) return 'an object';
  return typeof value === 'string' ? 'a string' : quoteValue(value);
}
