import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { openStores } from '../../src/db/index.ts';
import { openLocalCloud } from '../../src/providers/local/index.ts';
import type { TestStack } from '../kit/stack.ts';
import { auditLedger, waitForSnapshot, type CloudSnapshot } from './snapshot-cloud.ts';
import { problemsOf, waitForEnd, type Action, type LocalScenario } from './local-scenario.ts';
import { watchFrontgate } from './watch-frontgate.ts';

/** The result of some clusters behind one frontgate. */
export interface FrontgateLife {
  /** How many frontgates were created. */
  readonly made: number;
  readonly violations: readonly string[];
  /** Jobs that failed, including those of the frontgate, and differences between ledger and cloud. */
  readonly problems: readonly string[];
  /** The cloud after each phase. */
  readonly clouds: Readonly<Record<Action, CloudSnapshot>>;
  readonly looks: number;
}

/** The expected cloud after each phase, for clusters of one node: theirs, and the one frontgate. */
export function expectedClouds(clusters: number): FrontgateLife['clouds'] {
  const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);
  const up: CloudSnapshot = {
    instances: ['instance/g1 running, 1 processes', ...times(clusters, 'instance/g1 running, 2 processes')],
    volumes: times(clusters, 'volume-0/g1 /dev/vdb'),
    strayProcesses: 0,
    addresses: clusters + 1,
  };
  const stopped: CloudSnapshot = {
    instances: times(clusters + 1, 'instance/g1 stopped, 0 processes'),
    volumes: times(clusters, 'volume-0/g1 available'),
    strayProcesses: 0,
    addresses: clusters + 1,
  };
  const nothing: CloudSnapshot = { instances: [], volumes: [], strayProcesses: 0, addresses: 0 };
  return { create: up, stop: stopped, start: up, delete: nothing };
}

/**
 * All clusters are created at the same time, then stopped, started and deleted: each acquires twice and
 * releases twice. `scenario` has a runtime with `frontgate=on` and creates clusters of one node.
 */
export async function liveBehindFrontgate(scenario: LocalScenario, clusters: number): Promise<FrontgateLife> {
  const watched = watchFrontgate(scenario.cloud);
  const problems: string[] = [];
  const clouds: Partial<Record<Action, CloudSnapshot>> = {};
  let ids: readonly (string | undefined)[] = Array.from({ length: clusters });
  try {
    for (const action of ['create', 'stop', 'start', 'delete'] as const) {
      scenario.faults.enter(action);
      const jobs = await Promise.all(ids.map((id) => scenario.begin(action, id)));
      ids = jobs.map(({ clusterId }) => clusterId);
      for (const job of jobs) problems.push(...problemsOf(await waitForEnd(scenario.client, job)));
      const expected = expectedClouds(clusters)[action];
      clouds[action] = await waitForSnapshot(scenario.cloud, expected);
      if (!isDeepStrictEqual(clouds[action], expected))
        problems.push(`after ${action}: ${await listCommands(scenario)}`);
    }
    const { stack, cloud } = scenario;
    const audit = (id: string): Promise<readonly string[]> => auditLedger(stack.databaseUrl, cloud, id);
    problems.push(...(await listFrontgateProblems(stack, 'local', audit)));
    for (const id of ids) {
      if (id !== undefined) problems.push(...(await audit(id)));
    }
  } finally {
    await watched.stop();
  }
  const { made, violations, looks } = watched;
  return {
    made: made.size,
    violations,
    problems,
    clouds: clouds as FrontgateLife['clouds'],
    looks,
  };
}

/** The jobs of a frontgate succeed too, its ledger rows match the cloud, and no member is left. */
export async function listFrontgateProblems(
  stack: TestStack,
  vpcId: string,
  audit: (clusterId: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const jobs = (await stack.client.jobs.list({ limit: 500 })).filter(({ clusterId }) =>
    clusterId.startsWith('fg-'),
  );
  const problems = jobs
    .filter(({ status }) => status !== 'successful')
    .map(({ jobId, action, status, error }) => `${action} ${jobId} is ${status}: ${error?.message ?? ''}`);
  for (const id of new Set(jobs.map(({ clusterId }) => clusterId))) {
    problems.push(...(await audit(id)));
  }
  const stores = openStores({ databaseUrl: stack.databaseUrl, maxConnections: 1 });
  try {
    const [runtime] = await stores.runtimes.list({ limit: 1 });
    const { members } = await stores.frontgates.load({ runtimeId: runtime?.runtimeId ?? '', vpcId });
    return [...problems, ...members.map(({ clusterId }) => `${clusterId} is still a member`)];
  } finally {
    await stores.close();
  }
}

/** The commands that run, to explain a difference. */
async function listCommands({ cloud }: LocalScenario): Promise<string> {
  const processes = await openLocalCloud(cloud).listProcesses();
  const lines = await Promise.all(
    processes.map(async ({ pid, instanceId }) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'gone');
      return `${instanceId} ${pid} ${command.replaceAll('\0', ' ').slice(0, 300)}`;
    }),
  );
  return lines.join('\n');
}
