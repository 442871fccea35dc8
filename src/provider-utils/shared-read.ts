import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../domain/index.ts';
import type { Call } from '../provider/index.ts';

/** What a read needs of a call. */
type RequestCall = Pick<Call, 'signal' | 'send'>;

/**
 * One key's answer; undefined if the cloud has none.
 * @throws cancelled as soon as the call's own signal is aborted; the errors of the shared request
 */
export type SharedRead<Value> = (call: RequestCall, key: string) => Promise<Value | undefined>;

export interface SharedReadOptions<Value> {
  /** How many keys one request may name, by the cloud's own limits. */
  readonly mostKeys: number;
  /** Reads that arrive within this time share a request. */
  readonly windowMs: number;
  /**
   * Sends the request with `call.send`; a key that the cloud does not have is absent from the answer. If
   * one unknown key fails the cloud's whole request, this function may send it again without that key:
   * what it throws fails all callers.
   */
  readonly read: (call: RequestCall, keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
}

interface Waiter<Value> {
  readonly call: RequestCall;
  readonly key: string;
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A request that hangs delays later callers only for this time. */
const LONGEST_HOLD_MS = 1_000;

/**
 * Combines the reads of many tasks into one request. Reads that arrive while a request is in flight share
 * the next one: an answer is never older than its question. Each caller is released by its own signal; the
 * request continues as long as one caller still needs it.
 */
export function createSharedRead<Value>(options: SharedReadOptions<Value>): SharedRead<Value> {
  let waiting: Waiter<Value>[] = [];
  let running = false;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    try {
      while (waiting.length > 0) {
        await sleep(options.windowMs);
        const batch = waiting;
        waiting = [];
        await Promise.race([
          Promise.all(toChunks(batch, options.mostKeys).map((chunk) => answer(chunk))),
          sleep(LONGEST_HOLD_MS, undefined, { ref: false }),
        ]);
      }
    } finally {
      running = false;
    }
  }

  async function answer(waiters: readonly Waiter<Value>[]): Promise<void> {
    const call = toCommonCall(waiters);
    try {
      const values = await options.read(call, [...new Set(waiters.map(({ key }) => key))]);
      for (const waiter of waiters) waiter.resolve(values.get(waiter.key));
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error);
    }
  }

  return (call, key) =>
    new Promise((resolve, reject) => {
      const giveUp = (): void =>
        reject(
          new WindlassError('cancelled', 'the read was cancelled', {
            code: 'CANCELLED',
            cause: call.signal.reason,
          }),
        );
      if (call.signal.aborted) return giveUp();
      call.signal.addEventListener('abort', giveUp, { once: true });
      const stopListening = (): void => call.signal.removeEventListener('abort', giveUp);
      waiting.push({
        call,
        key,
        resolve: (value) => (stopListening(), resolve(value)),
        reject: (error) => (stopListening(), reject(error as Error)),
      });
      void run();
    });
}

/** Continues as long as one of them needs it, and sends with the call of one that does. */
function toCommonCall(waiters: readonly Pick<Waiter<never>, 'call'>[]): RequestCall {
  const common = new AbortController();
  const abortWhenAllAre = (): void => {
    if (waiters.every(({ call }) => call.signal.aborted)) common.abort();
  };
  for (const { call } of waiters) call.signal.addEventListener('abort', abortWhenAllAre, { once: true });
  abortWhenAllAre();
  return {
    signal: common.signal,
    async send(request, options) {
      for (const { call } of waiters) {
        if (call.signal.aborted) continue;
        let isSent = false;
        const sendOnce = (): ReturnType<typeof request> => {
          isSent = true;
          return request();
        };
        try {
          return await call.send(sendOnce, options);
        } catch (error) {
          // One that was cancelled while it waited for the budget: another may still need it.
          if (isSent || !call.signal.aborted) throw error;
        }
      }
      throw new WindlassError('cancelled', 'the read was cancelled', { code: 'CANCELLED' });
    },
  };
}

/** By distinct keys, so that no chunk names more than allowed. */
function toChunks<Value>(waiters: readonly Waiter<Value>[], mostKeys: number): readonly Waiter<Value>[][] {
  const byKey = Map.groupBy(waiters, ({ key }) => key);
  const chunks: Waiter<Value>[][] = [];
  let keys = 0;
  for (const group of byKey.values()) {
    if (keys % mostKeys === 0) chunks.push([]);
    chunks.at(-1)?.push(...group);
    keys += 1;
  }
  return chunks;
}
