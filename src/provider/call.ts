/** What every call into a provider gets besides its request. */
export interface Call {
  /** Aborted when the caller no longer wants an answer; throw `cancelled` soon after. */
  readonly signal: AbortSignal;
  /** Goes to the worker's log, redacted. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /**
   * To be awaited before every request to the cloud's API, or once with the number of requests that
   * are about to be sent together. Waits until the budget of calls that all workers share for this
   * account and region allows it. Nothing has happened when it throws.
   *
   * @throws cancelled when the signal is aborted while it waits; unavailable when the budget cannot be asked.
   */
  request(count?: number): Promise<void>;
}

/** A handle's call: it may change the cloud. */
export interface EffectCall extends Call {
  /**
   * To be awaited as the last thing before every call that changes the cloud, with the token of
   * the ledger row it concerns. Checks that this worker still holds the row's lease.
   *
   * @throws conflict `LEASE_LOST` when another worker has taken over: the effect must not happen.
   */
  beforeEffect(token: string): Promise<void>;
  /**
   * Whether this try is the first that ever claimed the row: then nothing can carry its token, and
   * there is nothing to look for before it is made. Where it is missing, that is not known.
   */
  isFirstClaim?(token: string): boolean;
  /**
   * To be awaited directly after a call that changed the cloud, before anything is done with the
   * answer. Does nothing in production; tests stop the process here.
   */
  afterEffect(token: string): Promise<void>;
}

/** Longest time one observation may watch, in milliseconds. */
export const MAX_WATCH_MS = 20_000;

/** A wait's call: it only looks. */
export interface ObserveCall extends Call {
  /** How long this observation may watch before it answers `pending`, at most MAX_WATCH_MS. */
  readonly watchMs: number;
  /** What the last pending observation left; undefined at the first look. */
  readonly cursor: unknown;
}
