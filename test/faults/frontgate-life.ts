import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { openStores } from '../../src/db/index.ts';
import { openLocalWorld } from '../../src/providers/local/index.ts';
import type { TestStack } from '../kit/stack.ts';
import { auditLedger, surveyUntil, type Survey } from './survey.ts';
import { complaintsOf, waitForEnd, type Action, type TinyLane } from './tiny-lane.ts';
import { watchFrontgate } from './watch-frontgate.ts';

/** What came of some clusters that live behind one frontgate. */
export interface FrontgateLife {
  /** How many frontgates came to be. */
  readonly made: number;
  readonly violations: readonly string[];
  /** Jobs that did not go well, those of the frontgate among them, and what differs between ledger and world. */
  readonly complaints: readonly string[];
  /** The world after each phase. */
  readonly worlds: Readonly<Record<Action, Survey>>;
  readonly looks: number;
}

/** What there must be after each phase, for clusters of one node: theirs, and the one before them all. */
export function expectedWorlds(clusters: number): FrontgateLife['worlds'] {
  const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);
  const up: Survey = {
    instances: ['instance/g1 running, 1 processes', ...times(clusters, 'instance/g1 running, 2 processes')],
    volumes: times(clusters, 'volume-0/g1 /dev/vdb'),
    strayProcesses: 0,
    addresses: clusters + 1,
  };
  const stopped: Survey = {
    instances: times(clusters + 1, 'instance/g1 stopped, 0 processes'),
    volumes: times(clusters, 'volume-0/g1 available'),
    strayProcesses: 0,
    addresses: clusters + 1,
  };
  const nothing: Survey = { instances: [], volumes: [], strayProcesses: 0, addresses: 0 };
  return { create: up, stop: stopped, start: up, delete: nothing };
}

/**
 * All clusters are created at once, stopped at once, started at once, deleted at once: each acquires
 * twice and releases twice. `lane` has a runtime with `frontgate=on` and makes clusters of one node.
 */
export async function liveBehindFrontgate(lane: TinyLane, clusters: number): Promise<FrontgateLife> {
  const watched = watchFrontgate(lane.world);
  const complaints: string[] = [];
  const worlds: Partial<Record<Action, Survey>> = {};
  let ids: readonly (string | undefined)[] = Array.from({ length: clusters });
  try {
    for (const action of ['create', 'stop', 'start', 'delete'] as const) {
      lane.faults.enter(action);
      const jobs = await Promise.all(ids.map((id) => lane.begin(action, id)));
      ids = jobs.map(({ clusterId }) => clusterId);
      for (const job of jobs) complaints.push(...complaintsOf(await waitForEnd(lane.client, job)));
      const expected = expectedWorlds(clusters)[action];
      worlds[action] = await surveyUntil(lane.world, expected);
      if (!isDeepStrictEqual(worlds[action], expected))
        complaints.push(`after ${action}: ${await listCommands(lane)}`);
    }
    const { stack, world } = lane;
    const audit = (id: string): Promise<readonly string[]> => auditLedger(stack.databaseUrl, world, id);
    complaints.push(...(await listFrontgateComplaints(stack, 'local', audit)));
    for (const id of ids) {
      if (id !== undefined) complaints.push(...(await audit(id)));
    }
  } finally {
    await watched.stop();
  }
  const { made, violations, looks } = watched;
  return {
    made: made.size,
    violations,
    complaints,
    worlds: worlds as FrontgateLife['worlds'],
    looks,
  };
}

/** The jobs of a frontgate end well too, its ledger rows name what there is, and nobody is left a member. */
export async function listFrontgateComplaints(
  stack: TestStack,
  vpcId: string,
  audit: (clusterId: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const jobs = (await stack.client.jobs.list({ limit: 500 })).filter(({ clusterId }) =>
    clusterId.startsWith('fg-'),
  );
  const complaints = jobs
    .filter(({ status }) => status !== 'successful')
    .map(({ jobId, action, status, error }) => `${action} ${jobId} is ${status}: ${error?.message ?? ''}`);
  for (const id of new Set(jobs.map(({ clusterId }) => clusterId))) {
    complaints.push(...(await audit(id)));
  }
  const stores = openStores({ databaseUrl: stack.databaseUrl, maxConnections: 1 });
  try {
    const [runtime] = await stores.runtimes.list({ limit: 1 });
    const { members } = await stores.frontgates.load({ runtimeId: runtime?.runtimeId ?? '', vpcId });
    return [...complaints, ...members.map(({ clusterId }) => `${clusterId} is a member still`)];
  } finally {
    await stores.close();
  }
}

/** What runs, for whoever reads that it is not what should. */
async function listCommands({ world }: TinyLane): Promise<string> {
  const processes = await openLocalWorld(world).listProcesses();
  const lines = await Promise.all(
    processes.map(async ({ pid, instanceId }) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'gone');
      return `${instanceId} ${pid} ${command.replaceAll('\0', ' ').slice(0, 300)}`;
    }),
  );
  return lines.join('\n');
}
