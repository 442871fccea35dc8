import { AsyncLocalStorage } from 'node:async_hooks';
import { WindlassError } from '../domain/errors.ts';
import type { Call, EffectCall } from './call.ts';

/** What the engine builds a call from. */
export interface CallOptions extends Pick<Call, 'signal' | 'log'> {
  /** Waits until the budget of calls has room for that many requests, and takes it. */
  takeBudget(requests: number): Promise<void>;
}

/** What the engine builds a handle's call from. */
export interface EffectCallOptions extends CallOptions, Pick<EffectCall, 'isFirstClaim'> {
  /** @throws conflict `LEASE_LOST` */
  assertHeld(token: string): Promise<void>;
  /** Between the check of the lease and the effect; tests stop the process here. */
  beforeEffect?(token: string): Promise<void>;
  /** After the effect, before its result is used; tests stop the process here. */
  afterEffect?(token: string): Promise<void>;
}

/**
 * Which effect the running code belongs to. A provider's API client sends reads and changes alike with
 * `call.send`; a parameter for the kind could be passed wrongly, and the call would wait for the budget
 * after the lease was checked.
 */
const effects = new AsyncLocalStorage<object>();

/** Creates the call of a function that only reads. */
export function createCall({ signal, log, takeBudget }: CallOptions): Call {
  return createSender({ signal, log, takeBudget }, {});
}

/** Creates the call of a handle. The order of `effect` is implemented only here. */
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
