/** The closed list of what can go wrong. Decide by `kind` or `code`, never by the message. */
export const ERROR_KINDS = [
  'invalid-input',
  'not-found',
  'conflict',
  'quota',
  'capacity',
  'permission',
  'throttled',
  'unavailable',
  'timeout',
  'cancelled',
  'internal',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * Whether the engine retries after an error of this kind, and how long it waits before the next attempt if
 * the error itself does not say (`retryAfterMs`). This table is the only place where that is decided.
 *
 * `internal` is retried a few times only: a defect does not go away by itself, but a lost connection to
 * our own database surfaces as one.
 */
export const RETRY_TABLE: Readonly<
  Record<ErrorKind, { readonly retried: boolean; readonly delayMs: number; readonly maxAttempts: number }>
> = {
  'invalid-input': { retried: false, delayMs: 0, maxAttempts: 1 },
  'not-found': { retried: false, delayMs: 0, maxAttempts: 1 },
  conflict: { retried: false, delayMs: 0, maxAttempts: 1 },
  quota: { retried: false, delayMs: 0, maxAttempts: 1 },
  // A provider tries the next place itself; this is its error when there is none left.
  capacity: { retried: false, delayMs: 0, maxAttempts: 1 },
  permission: { retried: false, delayMs: 0, maxAttempts: 1 },
  throttled: { retried: true, delayMs: 5_000, maxAttempts: Number.POSITIVE_INFINITY },
  unavailable: { retried: true, delayMs: 2_000, maxAttempts: Number.POSITIVE_INFINITY },
  timeout: { retried: false, delayMs: 0, maxAttempts: 1 },
  cancelled: { retried: false, delayMs: 0, maxAttempts: 1 },
  internal: { retried: true, delayMs: 1_000, maxAttempts: 5 },
};

export interface WindlassErrorOptions {
  /** Stable and upper case, e.g. `CLUSTER_BUSY`; each is explained in docs/errors.md. */
  readonly code: string;
  /** What the reader can do about it. */
  readonly hint?: string;
  /** The dotted path of the input that is wrong. */
  readonly field?: string;
  /** Only for retried kinds: how long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number;
  /** All faults found, where one message cannot name them all. */
  readonly details?: readonly ErrorDetail[];
  readonly cause?: unknown;
}

/** One fault among several, e.g. one key of a configuration. */
export interface ErrorDetail {
  readonly field?: string;
  readonly message: string;
}

/** The form in which an error crosses a process border (`--json`, Temporal failures, task rows). */
export interface ErrorInfo {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly field?: string;
  readonly retryAfterMs?: number;
  readonly details?: readonly ErrorDetail[];
}

const marker = Symbol.for('windlass.error');

/**
 * The one error class of windlass. Providers throw it, activities turn it into a Temporal
 * failure, the command line into an exit code. Its message must hold no secret.
 */
export class WindlassError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: readonly ErrorDetail[] | undefined;

  constructor(kind: ErrorKind, message: string, options: WindlassErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WindlassError';
    this.kind = kind;
    this.code = options.code;
    this.hint = options.hint;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Works across bundles and sandboxes, where `instanceof` does not. */
  static isInstance(error: unknown): error is WindlassError {
    return typeof error === 'object' && error !== null && marker in error;
  }

  toInfo(): ErrorInfo {
    return {
      kind: this.kind,
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  static fromInfo(info: ErrorInfo): WindlassError {
    return new WindlassError(info.kind, info.message, info);
  }
}

/** Whether a value is what an error is on the wire: in the details of a failure, or in a file. */
export function isErrorInfo(value: unknown): value is ErrorInfo {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    ERROR_KINDS.some((kind) => kind === value.kind) &&
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
