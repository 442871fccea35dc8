import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities, type Activities, type ActivityDependencies } from '../../../activities/index.ts';
import { type ErrorInfo, type Job } from '../../../src/domain/index.ts';
import { createRedactor } from '../../../src/observability/index.ts';

/** What came of one activity: the error it refused with, or what it touched behind its guard. */
export type Outcome = { readonly refused: ErrorInfo } | { readonly reached: string };

type ActivityGroup = Exclude<keyof Activities, 'interceptor'>;

export interface From {
  readonly workflowId: string;
  readonly workflowType: string;
}

/** All activities as a worker has them, over a job log alone: whatever else they touch ends them. */
export function guardActivitiesOver(jobs: readonly Job[]): {
  readonly names: Readonly<Record<ActivityGroup, readonly string[]>>;
  /** `from` null: as a standalone activity. */
  run(group: ActivityGroup, name: string, input: unknown, from: From | null): Promise<Outcome>;
  /** As in a worker that was given no interceptor; `args` as they came over the wire. */
  runWithoutInterceptor(group: ActivityGroup, name: string, args: readonly unknown[]): Promise<unknown>;
} {
  const touched = (path: string): unknown =>
    new Proxy(() => undefined, {
      get: (_, key) => touched(`${path}.${String(key)}`),
      apply: () => {
        throw new Error(`touched ${path}`);
      },
    });
  const stores = {
    jobs: {
      find: async (jobId: string) => jobs.find((job) => job.jobId === jobId) ?? null,
      loadShape: touched('jobs.loadShape'),
      findPlanHash: touched('jobs.findPlanHash'),
      list: touched('jobs.list'),
    },
    clusters: touched('clusters'),
    runtimes: touched('runtimes'),
    tasks: touched('tasks'),
    frontgates: touched('frontgates'),
    apps: touched('apps'),
    ledger: touched('ledger'),
    secrets: touched('secrets'),
    workers: touched('workers'),
  };
  // Which actions providers bring is asked once, before any activity runs.
  let listProviders = (): unknown => [];
  const dependencies = {
    stores,
    providers: { get: touched('providers.get'), list: () => listProviders() },
    keyring: { sealingKey: touched('keyring'), openSealed: touched('keyring'), decrypt: touched('keyring') },
    redactor: createRedactor(),
    log: { info: () => undefined, warn: () => undefined },
    identity: 'test',
    heartbeatSeconds: 10,
    leaseSeconds: 15,
    version: 'test',
    faultPoint: async () => undefined,
    callBudgets: { open: touched('callBudgets') },
    pullChart: touched('pullChart'),
    plainHttpHosts: [],
  } as unknown as ActivityDependencies;
  const activities = createActivities(dependencies);
  listProviders = touched('providers.list') as () => unknown;
  function find(group: ActivityGroup, name: string): (...args: unknown[]) => Promise<unknown> {
    const found = (activities[group] as unknown as Record<string, () => Promise<unknown>>)[name];
    if (found === undefined) throw new Error(`there is no activity ${name}`);
    return found;
  }

  return {
    runWithoutInterceptor: (group, name, args) =>
      new MockActivityEnvironment({ activityType: name }).run(find(group, name), ...args),
    names: {
      engine: Object.keys(activities.engine),
      tasks: Object.keys(activities.tasks),
      requests: Object.keys(activities.requests),
    },
    async run(group, name, input, from) {
      const activity = find(group, name);
      const silent = {
        logger: new DefaultLogger('ERROR', () => undefined),
        interceptors: [activities.interceptor],
      };
      const info = {
        activityType: name,
        inWorkflow: from !== null,
        ...(from === null
          ? {}
          : {
              workflowType: from.workflowType,
              workflowExecution: { workflowId: from.workflowId, runId: 'run' },
            }),
      };
      const environment = new MockActivityEnvironment(info, silent);
      try {
        await environment.run(activity, input);
        return { reached: 'its end' };
      } catch (error) {
        const told: unknown = error instanceof ApplicationFailure ? error.details?.[0] : null;
        if (typeof told !== 'object' || told === null) return { reached: String(error) };
        const known = told as ErrorInfo;
        return known.message.startsWith('touched ') ? { reached: known.message } : { refused: known };
      }
    },
  };
}
