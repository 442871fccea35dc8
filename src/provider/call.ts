/** What every call into a provider gets besides its request. */
export interface Call {
  /** Aborted when the caller no longer wants an answer; throw `cancelled` soon after (R11). */
  readonly signal: AbortSignal;
  /** Goes to the worker's log, redacted. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /**
   * Sends a request to the cloud's API as soon as the budget of calls, which all workers share for
   * this account and region, has room for it. Every request goes through here, so that a provider
   * cannot send past the budget. Outside of `effect` it is for requests that only read. Inside of
   * `effect` it sends at once: the budget was taken before the lease was checked.
   *
   * @param request sends it; called once, or not at all.
   * @param options how many requests it sends, where that is not one.
   * @throws cancelled when the signal is aborted before it is sent; unavailable when the budget
   *   cannot be asked: nothing has been sent then. Else what `request` throws.
   */
  send<T>(request: () => Promise<T>, options?: SendOptions): Promise<T>;
}

export interface SendOptions {
  /** How many requests are sent to the cloud's API, for the budget; 1 by default. */
  readonly requests?: number;
}

/** A handle's call: it may change the cloud. */
export interface EffectCall extends Call {
  /**
   * Changes the cloud, for the ledger row of `token`. The engine takes the budget for it, then
   * checks that this worker still holds the row's lease, and then sends: however long the budget
   * makes it wait, a worker that has lost the lease meanwhile sends nothing (R2). Whatever must be
   * read or made ready for the change comes before; `send` only sends it.
   *
   * @param token of a ledger row that the task claims.
   * @param send sends the change; called once, or not at all.
   * @returns what `send` returned.
   * @throws conflict `LEASE_LOST` when another worker has taken over, cancelled, unavailable: then
   *   nothing has been sent. Else what `send` throws: whether it had its effect is then unknown,
   *   and the next handle finds out by the token.
   */
  effect<T>(token: string, send: () => Promise<T>, options?: SendOptions): Promise<T>;
  /**
   * Whether this attempt is the first that ever claimed the row: then no resource can carry its token, and
   * none has to be searched before it is created.
   */
  isFirstClaim(token: string): boolean;
}

/** The longest time that one observation may watch, in milliseconds. */
export const MAX_WATCH_MS = 20_000;

/** A wait's call: it only reads. */
export interface ObserveCall extends Call {
  /** How long this observation may watch before it answers `pending`, at most MAX_WATCH_MS. */
  readonly watchMs: number;
  /** The cursor of the last pending observation; undefined at the first poll. */
  readonly cursor: unknown;
}
