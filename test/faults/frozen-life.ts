import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { EMPTY_CLOUD, runningCloud, waitForSnapshot } from './snapshot-cloud.ts';
import { problemsOf, waitForEnd, type LocalScenario } from './local-scenario.ts';

/** A worker that freezes once. */
export interface Freeze {
  /** Of the phase `create`: the point at which the next worker is stopped (SIGSTOP). */
  readonly point: string;
  /**
   * How long: heartbeat timeout and lease must expire before it continues, so that another worker has its
   * task.
   */
  readonly frozenMs: number;
}

/**
 * Creates a cluster of one node while a worker freezes in the middle and continues later, and deletes it
 * again. Returns the problems. Expected: nothing is created twice, no service runs twice, nothing is left.
 */
export async function runWithFreeze(
  scenario: LocalScenario,
  { point, frozenMs }: Freeze,
): Promise<readonly string[]> {
  scenario.records.forget();
  scenario.faults.freeze([point]);
  scenario.faults.enter('create');
  const job = await scenario.begin('create');
  const pid = await waitUntilFrozen(scenario, point);
  await sleep(frozenMs);
  process.kill(pid, 'SIGCONT');
  const problems = [...problemsOf(await waitForEnd(scenario.client, job))];

  const running = await waitForSnapshot(scenario.cloud, runningCloud(1));
  if (!isDeepStrictEqual(running, runningCloud(1))) problems.push(`made: ${JSON.stringify(running)}`);
  await scenario.records.keep();
  const services = scenario.records.read();
  if (!isDeepStrictEqual(services, ['init start'])) problems.push(`services ran: ${services.join('; ')}`);

  scenario.faults.enter('delete');
  const deletion = await waitForEnd(scenario.client, await scenario.begin('delete', job.clusterId));
  const left = await waitForSnapshot(scenario.cloud, EMPTY_CLOUD);
  if (!isDeepStrictEqual(left, EMPTY_CLOUD)) problems.push(`left: ${JSON.stringify(left)}`);
  return [...problems, ...problemsOf(deletion)];
}

async function waitUntilFrozen(scenario: LocalScenario, point: string): Promise<number> {
  for (;;) {
    const frozen = scenario.faults.frozen().find((one) => one.point === point);
    if (frozen !== undefined) return frozen.pid;
    await sleep(50);
  }
}
