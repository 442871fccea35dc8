import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { EMPTY_WORLD, runningWorld, surveyUntil } from './survey.ts';
import { complaintsOf, waitForEnd, type TinyLane } from './tiny-lane.ts';

/** A worker that freezes once. */
export interface Freeze {
  /** Of the phase `create`: where the next worker that comes by is stopped (SIGSTOP). */
  readonly point: string;
  /** How long: heartbeat and lease must be over before it wakes up, so that another has its task. */
  readonly frozenMs: number;
}

/**
 * Makes a cluster of one node while a worker freezes in the middle and wakes up later, and deletes
 * it again. Returns what did not go well: nothing is made twice, no service runs twice, nothing is left.
 */
export async function outliveFreeze(lane: TinyLane, { point, frozenMs }: Freeze): Promise<readonly string[]> {
  lane.records.forget();
  lane.faults.freeze([point]);
  lane.faults.enter('create');
  const job = await lane.begin('create');
  const pid = await waitUntilFrozen(lane, point);
  await sleep(frozenMs);
  process.kill(pid, 'SIGCONT');
  const complaints = [...complaintsOf(await waitForEnd(lane.client, job))];

  const running = await surveyUntil(lane.world, runningWorld(1));
  if (!isDeepStrictEqual(running, runningWorld(1))) complaints.push(`made: ${JSON.stringify(running)}`);
  await lane.records.keep();
  const services = lane.records.read();
  if (!isDeepStrictEqual(services, ['init start'])) complaints.push(`services ran: ${services.join('; ')}`);

  lane.faults.enter('delete');
  const deletion = await waitForEnd(lane.client, await lane.begin('delete', job.clusterId));
  const left = await surveyUntil(lane.world, EMPTY_WORLD);
  if (!isDeepStrictEqual(left, EMPTY_WORLD)) complaints.push(`left: ${JSON.stringify(left)}`);
  return [...complaints, ...complaintsOf(deletion)];
}

async function waitUntilFrozen(lane: TinyLane, point: string): Promise<number> {
  for (;;) {
    const frozen = lane.faults.frozen().find((one) => one.point === point);
    if (frozen !== undefined) return frozen.pid;
    await sleep(50);
  }
}
