import type { IncomingHttpHeaders } from 'node:http';

/** A request as it arrived, complete. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer that does not come from the cloud. */
export interface CannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What happens to a request:
 * - `refuse`: the connection is reset; the cloud never hears of it.
 * - `throttle`: refused in the cloud's own words; the cloud never hears of it.
 * - `fail`: answered with 500; the cloud never hears of it.
 * - `drop`: done, and then the connection is reset instead of an answer.
 * - `cut`: done, and then the connection is reset in the middle of the answer's body.
 * - `delay`: done, and answered `delayMs` later.
 * - `double`: delivered twice, one after the other; answered with what the second delivery brought.
 * - `stale`: a read is answered with an older answer to the very same request; the cloud never hears
 *   of it. A change, or a request that was not made before, is passed and does not count.
 */
export const FAULTS = ['refuse', 'throttle', 'fail', 'drop', 'cut', 'delay', 'double', 'stale'] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultRule {
  /** As `classify` names it; every operation by default. */
  readonly operation?: string;
  readonly fault: Fault;
  /** The first of these requests that it hits, from 1; earlier ones pass. 1 by default. */
  readonly nth?: number;
  /** How many in a row it hits from there; 1 by default. */
  readonly count?: number;
  /** For `delay`; 1000 by default. */
  readonly delayMs?: number;
}

/** A rule that was added. */
export interface ActiveRule {
  readonly rule: FaultRule;
  /** How often it has hit. */
  fired(): number;
  remove(): void;
}

/** The rules of one proxy. The first that is due applies; all of them count. */
export interface RuleBook {
  add(rule: FaultRule): ActiveRule;
  /** @param canStale whether an older answer to this request is known. */
  takeDue(operation: string, canStale: boolean): FaultRule | null;
  clear(): void;
}

export function createRuleBook(): RuleBook {
  const entries = new Set<{ readonly rule: FaultRule; seen: number; fired: number }>();
  return {
    add(rule) {
      const entry = { rule, seen: 0, fired: 0 };
      entries.add(entry);
      return { rule, fired: () => entry.fired, remove: () => void entries.delete(entry) };
    },
    takeDue(operation, canStale) {
      let applying: FaultRule | null = null;
      for (const entry of entries) {
        const { rule } = entry;
        if (rule.operation !== undefined && rule.operation !== operation) continue;
        if (rule.fault === 'stale' && !canStale) continue;
        entry.seen += 1;
        const due = entry.seen >= (rule.nth ?? 1) && entry.fired < (rule.count ?? 1);
        if (!due || applying !== null) continue;
        entry.fired += 1;
        applying = rule;
      }
      return applying;
    },
    clear: () => entries.clear(),
  };
}
