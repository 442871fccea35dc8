import { isDeepStrictEqual } from 'node:util';
import { listFrontgateProblems } from './frontgate-life.ts';
import type { FrontgateScenario } from './frontgate-scenario.ts';
import { compareLedger } from './snapshot-cloud.ts';
import { ACTIONS, problemsOf, waitForEnd, type Action } from './local-scenario.ts';

/** The result of some clusters on machines behind one frontgate. */
export interface FrontgateClusterLife {
  /** How many frontgates were created. */
  readonly made: number;
  readonly violations: readonly string[];
  /** Jobs that failed, including those of the frontgate, and other differences. */
  readonly problems: readonly string[];
  /** How often a running node was tested for access that avoids the frontgate. */
  readonly attempts: number;
}

const DAEMONS = 'grep -l "214748364[7]" /proc/[0-9]*/cmdline 2> /dev/null | wc -l';

/**
 * All clusters are created at the same time, then stopped, started and deleted; after each action the
 * machines are counted. `after` is called in between.
 */
export async function runFrontgateClusters(
  scenario: FrontgateScenario,
  clusters: number,
  after: (action: Action) => Promise<void> = async () => {},
): Promise<FrontgateClusterLife> {
  const { book, stack, cloud } = scenario;
  book.forget();
  const problems: string[] = [];
  let ids: readonly (string | undefined)[] = Array.from({ length: clusters });
  for (const action of ACTIONS) {
    const stopLooking = book.keepLooking();
    try {
      scenario.faults.enter(action);
      const jobs = await Promise.all(ids.map((id) => scenario.begin(action, id)));
      ids = jobs.map(({ clusterId }) => clusterId);
      for (const job of jobs) problems.push(...problemsOf(await waitForEnd(stack.client, job)));
    } finally {
      await stopLooking();
    }
    const [seen, wanted] = [await survey(scenario), expectSurvey(action, clusters)];
    if (!isDeepStrictEqual(seen, wanted))
      problems.push(`after ${action}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
    await after(action);
  }
  const audit = (clusterId: string): Promise<readonly string[]> => {
    const tokens = cloud.cloud.list().map(({ token }) => token);
    return compareLedger(
      stack.databaseUrl,
      tokens.filter((token) => token.startsWith(`${clusterId}/`)),
      clusterId,
    );
  };
  problems.push(...(await listFrontgateProblems(stack, 'vpc-1', audit)));
  for (const id of ids) if (id !== undefined) problems.push(...(await audit(id)));
  const { made, violations, attempts } = book;
  return { made: made.length, violations, problems, attempts };
}

/** A line for each machine, and the number of disks. The services that ran on a node are read on the node. */
async function survey({ book, vpc }: FrontgateScenario): Promise<readonly string[]> {
  const lines = await Promise.all(
    book.machines.list().map(async ({ instanceId, address, state, disks }) => {
      if (address === vpc.gateAddress) return `frontgate ${state}`;
      if (state === 'stopped') return `node stopped, ${disks.length} disks`;
      const record = await book.machines.execute(instanceId, 'cat /data/record');
      const daemons = (await book.machines.execute(instanceId, DAEMONS)).trim();
      const ran = record.trim().split('\n').join(' ');
      return `node running, ${disks.length} disks, ${daemons} daemons: ${ran}`;
    }),
  );
  return [...lines.sort(), `${(await book.machines.listDisks()).length} disks`];
}

function expectSurvey(action: Action, clusters: number): readonly string[] {
  const nodes = (line: string): readonly string[] => Array.from({ length: clusters }, () => line);
  const disks = `${clusters} disks`;
  switch (action) {
    case 'create':
      return ['frontgate running', ...nodes('node running, 1 disks, 1 daemons: init start'), disks];
    case 'stop':
      return ['frontgate stopped', ...nodes('node stopped, 0 disks'), disks];
    case 'start':
      return [
        'frontgate running',
        ...nodes('node running, 1 disks, 1 daemons: init start stop start'),
        disks,
      ];
    case 'delete':
      return ['0 disks'];
  }
}
