import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StartedJob, WindlassClient } from '../../src/client/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { openFaultFolder, type FaultFolder } from './fault-folder.ts';
import { openServiceRecords, type ServiceRecords } from './snapshot-cloud.ts';
import { superviseWorkers, type SupervisedWorkers } from './supervised-workers.ts';

export const TINY_PACKAGE = fileURLToPath(new URL('../fixtures/packages/tiny', import.meta.url));

/**
 * Dead workers are noticed, and their leases expire, within about two seconds; with a shorter time live
 * workers would count as dead on a busy machine.
 */
export const QUICK_RECOVERY = {
  WINDLASS_HEARTBEAT_SECONDS: '2',
  WINDLASS_LEASE_SECONDS: '2',
  WINDLASS_STICKY_SECONDS: '1',
};

export const ACTIONS = ['create', 'stop', 'start', 'delete'] as const;
export type Action = (typeof ACTIONS)[number];

/** A stack of its own with supervised workers, on which small clusters live. */
export interface LocalScenario {
  readonly stack: TestStack;
  readonly client: WindlassClient;
  readonly workers: SupervisedWorkers;
  readonly faults: FaultFolder;
  /** The local provider's cloud. */
  readonly cloud: string;
  readonly records: ServiceRecords;
  /** Starts an action; `clusterId` for all but create. */
  begin(action: Action, clusterId?: string): Promise<StartedJob>;
  /** A create with a conf of its own. */
  create(settings?: Readonly<Record<string, string>>): Promise<StartedJob>;
  stop(): Promise<void>;
}

export interface LocalScenarioOptions {
  /** Scenarios that run at the same time, also in other processes of this machine, differ in it. */
  readonly number: number;
  readonly workers: number;
  /** Of every cluster; two when absent. */
  readonly nodes?: number;
  /** Further settings of the runtime. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Of every cluster, unless a scenario says otherwise. */
export const NODES = 2;

/** Starts servers and workers, and registers the runtime `local` and the package. */
export async function openLocalScenario(options: LocalScenarioOptions): Promise<LocalScenario> {
  const stack = await startStack({ env: QUICK_RECOVERY });
  try {
    const faults = openFaultFolder(join(stack.home, 'faults'));
    const workers = await superviseWorkers(stack, options.workers, faults.env);
    const versionId = await registerTiny(stack.client, chooseAddressRange(options.number), options.settings);
    const cloud = join(stack.home, 'local');
    const create = (settings: Readonly<Record<string, string>> = {}): Promise<StartedJob> =>
      createTiny(stack.client, versionId, options.nodes ?? NODES, settings);
    return {
      stack,
      client: stack.client,
      workers,
      faults,
      cloud,
      records: openServiceRecords(cloud, join(stack.home, 'records')),
      create,
      begin(action, clusterId) {
        if (action === 'create') return create();
        if (clusterId === undefined) throw new Error(`${action} of which cluster?`);
        return stack.client.clusters[action](clusterId);
      },
      async stop() {
        try {
          await workers.stop();
        } finally {
          await stack.stop();
        }
      },
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Registers the runtime `local` and the package. Returns the version's id. */
export async function registerTiny(
  client: WindlassClient,
  addressRange: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  await client.runtimes.create({
    name: 'local',
    provider: 'local',
    zone: 'local-1',
    settings: { ...settings, addressRange },
  });
  return (await client.apps.register(TINY_PACKAGE)).versionId;
}

export function createTiny(
  client: WindlassClient,
  versionId: string,
  nodes: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<StartedJob> {
  return client.clusters.create({
    app: versionId,
    runtime: 'local',
    settings: { 'cluster.count': String(nodes), ...settings },
  });
}

/** Loopback addresses of this scenario only: test files run in processes of their own. */
export function chooseAddressRange(number: number): string {
  return `127.${100 + (process.pid % 100)}.${number}.0/24`;
}

/** Waits for a job's end, even if the server or the workers are away meanwhile. */
export async function waitForEnd(client: WindlassClient, job: StartedJob): Promise<JobView> {
  for (;;) {
    try {
      return await client.jobs.wait(job.jobId, { clusterId: job.clusterId, pollMs: 500 });
    } catch (error) {
      if (!WindlassError.isInstance(error) || !['unavailable', 'timeout'].includes(error.kind)) throw error;
      await sleep(200);
    }
  }
}

/** The errors of a job: empty after a success in which no task failed. */
export function problemsOf(job: JobView): readonly string[] {
  const tasks = job.layers.flatMap((layer) => layer.tasks);
  return [
    ...(job.status === 'successful'
      ? []
      : [`${job.action} ended ${job.status}: ${job.error?.message ?? ''}`]),
    ...tasks
      .filter((task) => task.status !== 'successful')
      .map((task) => `${task.action} of ${task.label} is ${task.status}: ${task.error?.message ?? ''}`),
  ];
}
