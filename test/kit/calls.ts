import {
  createCall,
  createEffectCall,
  type Call,
  type EffectCall,
  type ObserveCall,
} from '../../src/provider/index.ts';

/** A call that nothing disturbs: its budget has room, and it is not cancelled. */
export function createTestCall(signal: AbortSignal = new AbortController().signal): Call {
  return createCall({ signal, log: () => undefined, takeBudget: async () => undefined });
}

/** Likewise of a wait, which looks once. */
export function createTestObserveCall(change: Partial<ObserveCall> = {}): ObserveCall {
  return { ...createTestCall(change.signal), watchMs: 0, cursor: undefined, ...change };
}

/** What disturbs a handle. */
export interface EffectSteps {
  readonly signal?: AbortSignal;
  /** @throws what the lease is refused with. */
  assertHeld?(token: string): Promise<void>;
  /** Called when it had its effect. */
  afterEffect?(token: string): Promise<void>;
}

/** Likewise of a handle; `steps` has what it was asked, in order. Its lease is held. */
export function createTestEffectCall(
  disturbed: EffectSteps = {},
): EffectCall & { readonly steps: readonly string[] } {
  const steps: string[] = [];
  const call = createEffectCall({
    signal: disturbed.signal ?? new AbortController().signal,
    log: () => undefined,
    takeBudget: async () => undefined,
    isFirstClaim: () => false,
    async assertHeld(token) {
      await disturbed.assertHeld?.(token);
      steps.push(`before ${token}`);
    },
    async afterEffect(token) {
      steps.push(`after ${token}`);
      await disturbed.afterEffect?.(token);
    },
  });
  return { ...call, steps };
}
