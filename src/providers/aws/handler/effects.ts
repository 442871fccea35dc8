import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError, type LedgerResource } from '../../../domain/index.ts';
import {
  MAX_WATCH_MS,
  type Call,
  type EffectCall,
  type NodeTaskContext,
  type ObserveCall,
  type Observation,
} from '../../../provider/index.ts';

/** The ledger row of a kind. @throws internal `AWS_LEDGER` when the engine gave none. */
export function getRow(context: NodeTaskContext, kind: string): LedgerResource {
  const row = context.resources[kind];
  if (row !== undefined) return row;
  throw new WindlassError('internal', `node ${context.node.nodeId} has no ledger row for its ${kind}`, {
    code: 'AWS_LEDGER',
  });
}

/** Whether something may carry the row's token already; what nobody claimed before needs no look. */
export function mayBeMade(call: EffectCall, { token, cloudId }: LedgerResource): boolean {
  return cloudId !== '' || !call.isFirstClaim(token);
}

/** Looks until it is done or the call's time is over; then the last look is the observation. */
export async function watch(
  call: ObserveCall,
  intervalMs: number,
  look: (call: ObserveCall) => Promise<Observation>,
): Promise<Observation> {
  const deadline = Date.now() + Math.min(call.watchMs, MAX_WATCH_MS);
  let cursor = call.cursor;
  for (;;) {
    assertNotCancelled(call);
    const observation = await look({ ...call, cursor });
    if (observation.state === 'done' || Date.now() + intervalMs > deadline) return observation;
    cursor = observation.cursor;
    // A read for waits takes as long as an interval itself; this is for a look that reads nothing.
    await pause(call, intervalMs / 20);
  }
}

/** Waits, or throws `cancelled` as soon as the call is. */
export async function pause(call: Call, ms: number): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: call.signal });
  } catch {
    assertNotCancelled(call);
  }
}

/** @throws cancelled `CANCELLED` */
export function assertNotCancelled({ signal }: Call): void {
  if (!signal.aborted) return;
  throw new WindlassError('cancelled', 'the call was cancelled', { code: 'CANCELLED', cause: signal.reason });
}

/** For a state that passes by itself, such as an instance that is still on its way down. */
export function notYet(message: string, retryAfterMs = 2_000): WindlassError {
  return new WindlassError('unavailable', message, { code: 'AWS_NOT_YET', retryAfterMs });
}
