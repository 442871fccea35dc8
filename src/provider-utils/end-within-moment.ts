import { setTimeout as sleep } from 'node:timers/promises';
import type { Changes, EffectCall, HandleResult, ObserveCall, Observation } from '../provider/index.ts';

/** How long a handle polls for its effect, in milliseconds. It holds its slot for that time. */
const MOMENT_MS = 500;
/** The pause after the first poll, in milliseconds. */
const FIRST_PAUSE_MS = 20;

/**
 * For a handle whose effect is mostly there within a moment, such as a command on a node: polls for
 * half a second, and answers `done` where the effect is there by then. A task without a wait costs one
 * activity less (R5). Not for effects that take seconds, such as an instance of a cloud: there the polls
 * only hold the handle's slot.
 *
 * A failed poll changes nothing: the answer is `started`, and the wait meets the error again. So what
 * the handle has made is stored before the task can fail.
 *
 * @param begin starts the effect.
 * @param observe as in the wait. Each poll gets the cursor that the one before left.
 * @param firstPauseMs pause after the first poll, in milliseconds; doubled after each further one. Longer
 *   where a poll costs requests.
 * @returns what `begin` returned, unless that is `started` and a poll finds the effect; then `done`, with
 *   the changes of both.
 * @throws what `begin` throws.
 */
export async function endWithinMoment(
  call: EffectCall,
  begin: () => Promise<HandleResult>,
  observe: (call: ObserveCall) => Promise<Observation>,
  firstPauseMs: number = FIRST_PAUSE_MS,
): Promise<HandleResult> {
  const begun = await begin();
  if (begun.state !== 'started') return begun;
  const { signal, log } = call;
  const deadline = Date.now() + MOMENT_MS;
  let cursor: unknown;
  try {
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs *= 2) {
      const seen = await observe({ signal, log, send: (...of) => call.send(...of), watchMs: 0, cursor });
      if (seen.state === 'done') return { state: 'done', changes: mergeChanges(begun.changes, seen.changes) };
      if (Date.now() + pauseMs > deadline) return begun;
      cursor = seen.cursor;
      await sleep(pauseMs, undefined, { signal });
    }
  } catch {
    // The wait polls again, and tells of whatever lasts.
  }
  return begun;
}

/** Both, in this order: what the second says again of a row or of the node replaces what the first said. */
export function mergeChanges(first: Changes = {}, second: Changes = {}): Changes {
  const resources = new Map((first.resources ?? []).map((change) => [change.token, change]));
  for (const change of second.resources ?? [])
    resources.set(change.token, { ...resources.get(change.token), ...change });
  const node = { ...first.node, ...second.node };
  return {
    ...first,
    ...second,
    ...(resources.size === 0 ? {} : { resources: [...resources.values()] }),
    ...(Object.keys(node).length === 0 ? {} : { node }),
  };
}
