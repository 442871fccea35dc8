/**
 * Why a request has no good answer.
 *
 * - `refused`: QingCloud answered with a ret_code other than 0.
 * - `unreachable`: no answer arrived: no connection, a broken one, or no answer in time.
 * - `unreadable`: something answered that is not QingCloud's API.
 * - `cancelled`: the caller's signal was aborted.
 */
export type FailureKind = 'refused' | 'unreachable' | 'unreadable' | 'cancelled';

export interface QingCloudErrorOptions {
  readonly kind: FailureKind;
  readonly action: string;
  readonly retCode?: number;
  readonly mayHaveEffect: boolean;
  readonly clockSkewMs?: number;
  readonly networkCode?: string;
  readonly cause?: unknown;
}

/** ret_codes after which it is not known whether the request had its effect. */
const UNKNOWN_EFFECT: ReadonlySet<number> = new Set([5000]);

/** A request that failed. Its message is the cloud's own sentence where there is one; it holds no secret. */
export class QingCloudError extends Error {
  readonly kind: FailureKind;
  /** The request's action, e.g. `RunInstances`. */
  readonly action: string;
  /** QingCloud's own code; 0 where it gave none. */
  readonly retCode: number;
  /**
   * Whether the request may have been carried out all the same: its answer was lost, or QingCloud failed
   * in the middle. Before a create is sent again, look whether it has made something.
   */
  readonly mayHaveEffect: boolean;
  /**
   * How far this machine's clock was ahead of the cloud's when the answer arrived, in milliseconds; below
   * 0 if it was behind. Undefined if the answer had no date.
   */
  readonly clockSkewMs: number | undefined;
  /** Of the operating system or of TLS, e.g. `ECONNREFUSED`; empty for other failures. */
  readonly networkCode: string;

  constructor(message: string, options: QingCloudErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'QingCloudError';
    this.kind = options.kind;
    this.action = options.action;
    this.retCode = options.retCode ?? 0;
    this.mayHaveEffect = options.mayHaveEffect;
    this.clockSkewMs = options.clockSkewMs;
    this.networkCode = options.networkCode ?? '';
  }

  /** An error answer of the API. */
  static refused(
    action: string,
    { retCode, message, clockSkewMs }: Refusal & Pick<QingCloudErrorOptions, 'clockSkewMs'>,
  ): QingCloudError {
    return new QingCloudError(message, {
      kind: 'refused',
      action,
      retCode,
      mayHaveEffect: UNKNOWN_EFFECT.has(retCode),
      ...(clockSkewMs === undefined ? {} : { clockSkewMs }),
    });
  }
}

/** What an error answer says. */
export interface Refusal {
  readonly retCode: number;
  readonly message: string;
}
