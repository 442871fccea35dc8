import {
  createCall,
  createEffectCall,
  type Call,
  type EffectCall,
  type ObserveCall,
} from '../../src/provider/index.ts';

/** A call without disturbances: its budget has room, and it is not cancelled. */
export function createTestCall(signal: AbortSignal = new AbortController().signal): Call {
  return createCall({ signal, log: () => undefined, takeBudget: async () => undefined });
}

/** The same for a wait, which polls once. */
export function createTestObserveCall(change: Partial<ObserveCall> = {}): ObserveCall {
  return { ...createTestCall(change.signal), watchMs: 0, cursor: undefined, ...change };
}

/** What disturbs a handle. */
export interface EffectSteps {
  readonly signal?: AbortSignal;
  /** @throws the refusal of the lease. */
  assertHeld?(token: string): Promise<void>;
  /** Called after the effect. */
  afterEffect?(token: string): Promise<void>;
}

/** The same for a handle; `steps` records the calls, in order. Its lease is held. */
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
