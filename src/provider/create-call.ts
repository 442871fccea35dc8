import { AsyncLocalStorage } from 'node:async_hooks';
import { WindlassError } from '../domain/errors.ts';
import type { Call, EffectCall } from './call.ts';

/** What the engine makes a call of. */
export interface CallOptions extends Pick<Call, 'signal' | 'log'> {
  /** Waits until the budget of calls has room for so many requests, and takes it. */
  takeBudget(requests: number): Promise<void>;
}

/** What the engine makes the call of a handle of. */
export interface EffectCallOptions extends CallOptions, Pick<EffectCall, 'isFirstClaim'> {
  /** @throws conflict `LEASE_LOST` */
  assertHeld(token: string): Promise<void>;
  /** Between the check of the lease and the effect; tests stop the process here. */
  beforeEffect?(token: string): Promise<void>;
  /** After the effect, before anything is done with its answer; tests stop the process here. */
  afterEffect?(token: string): Promise<void>;
}

/**
 * In whose effect the code that runs now is. A provider's API client sends reads and changes alike
 * by `call.send`; were it told which of them is meant, it could be told wrongly, and wait for the
 * budget after the lease was checked.
 */
const effects = new AsyncLocalStorage<object>();

/** Makes the call of a function that only reads. */
export function createCall({ signal, log, takeBudget }: CallOptions): Call {
  return createSender({ signal, log, takeBudget }, {});
}

/** Makes the call of a handle. The order of `effect` stands here and nowhere else. */
export function createEffectCall(options: EffectCallOptions): EffectCall {
  const { signal, takeBudget, assertHeld, isFirstClaim } = options;
  const identity = {};
  return {
    ...createSender(options, identity),
    async effect(token, send, { requests = 1 } = {}) {
      if (requests > 0) await takeBudget(requests);
      refuseCancelled(signal);
      await assertHeld(token);
      await options.beforeEffect?.(token);
      const answer = await effects.run(identity, send);
      await options.afterEffect?.(token);
      return answer;
    },
    isFirstClaim: (token) => isFirstClaim(token),
  };
}

function createSender({ signal, log, takeBudget }: CallOptions, identity: object): Call {
  return {
    signal,
    log,
    async send(request, { requests = 1 } = {}) {
      refuseCancelled(signal);
      if (requests > 0 && effects.getStore() !== identity) {
        await takeBudget(requests);
        refuseCancelled(signal);
      }
      return request();
    },
  };
}

/** @throws cancelled `CANCELLED` when the signal is aborted. */
export function refuseCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new WindlassError('cancelled', 'the call was cancelled', { code: 'CANCELLED', cause: signal.reason });
}
