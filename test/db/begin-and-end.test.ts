import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities, type ActivityDependencies } from '../../activities/index.ts';
import { digestContent, packContent } from '../../src/app-package/index.ts';
import { openStores, type Stores } from '../../src/db/index.ts';
import { WindlassError, type ErrorInfo } from '../../src/domain/index.ts';
import { createRedactor } from '../../src/observability/index.ts';
import { jobWorkflowId, type BegunJob, type ClosedJob, type RunJobInput } from '../../src/protocol/index.ts';
import type { Provider } from '../../src/provider/index.ts';
import { createMemoryHarness } from '../fakes/memory-harness.ts';
import { startPglite, type TestDatabase } from '../kit/databases.ts';
import { NOW } from '../kit/sample-records.ts';

const VERSION = 'appv-begin';
const AWAY: ErrorInfo = { kind: 'permission', code: 'CLOUD_REFUSES', message: 'the cloud says no' };

let database: TestDatabase;
let stores: Stores;
let memory: Provider;
/** The credential of its runtime. */
let opened: string;
/** Of the provider, as a test wants them; calls of all of them are noted. */
let change: Partial<Provider> = {};
let asked: string[] = [];

beforeAll(async () => {
  database = await startPglite();
  stores = openStores({ databaseUrl: database.databaseUrl });
  await stores.migrate();
  const { provider, runtime, content, credential } = await createMemoryHarness();
  memory = provider;
  opened = JSON.stringify(credential);
  await stores.runtimes.create(runtime, { keyId: 'key', sealed: new Uint8Array([1]) });
  const packed = packContent(content.files);
  const digest = digestContent(packed);
  await stores.apps.putPart(digest, 0, packed);
  const sizeBytes = packed.byteLength;
  await stores.apps.create({
    ...{ versionId: VERSION, appName: 'memory', version: '1.0.0', digest, sizeBytes, createdAt: NOW },
  });
});
afterAll(async () => {
  await stores.close();
  await database.stop();
});

/** The provider of memory with the changes of the test, and a note of what is asked of it. */
function createProvider(): Provider {
  return new Proxy(memory, {
    get: (_, key: keyof Provider) => {
      const value: unknown = change[key] ?? memory[key];
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        asked.push(key);
        return Reflect.apply(value, memory, args);
      };
    },
  });
}

/** Runs one activity of a job as its workflow would: with the interceptor before it. */
async function run<Answer>(
  activityType: 'BeginJob' | 'EndJob',
  clusterId: string,
  input: unknown,
  onStart: (environment: MockActivityEnvironment) => void = () => undefined,
): Promise<Answer> {
  const activities = createActivities({
    stores,
    providers: { get: createProvider, list: () => [] },
    keyring: { decrypt: () => opened },
    redactor: createRedactor(),
    log: { info: () => undefined, warn: () => undefined },
    identity: 'test',
    heartbeatSeconds: 10,
    leaseSeconds: 15,
    version: 'test',
    faultPoint: async () => undefined,
    callBudgets: { open: () => async () => undefined },
    pullChart: async () => new Uint8Array(),
    plainHttpHosts: [],
  } as unknown as ActivityDependencies);
  const environment = new MockActivityEnvironment(
    {
      activityType,
      inWorkflow: true,
      workflowType: 'runJob',
      workflowExecution: { workflowId: jobWorkflowId(clusterId), runId: 'run' },
    },
    { logger: new DefaultLogger('ERROR', () => undefined), interceptors: [activities.interceptor] },
  );
  onStart(environment);
  const activity = activities.tasks[activityType] as unknown as (input: unknown) => Promise<Answer>;
  return environment.run(activity, input);
}

/** A create; `name` null where its user gives none. */
function inputOf(id: string, name: string | null = id): RunJobInput {
  const ids = { clusterId: `cl-${id}`, jobId: `j-${id}` };
  const create = {
    ...ids,
    runtime: 'rt-memory',
    versionId: VERSION,
    conf: {},
    ...(name === null ? {} : { name }),
  };
  return { ...ids, action: 'create', options: {}, requestedBy: 'tester', provider: 'memory', create };
}

const begin = (
  input: RunJobInput,
  onStart?: (environment: MockActivityEnvironment) => void,
): Promise<BegunJob> => run('BeginJob', input.clusterId, input, onStart);

const end = (
  { clusterId, jobId }: RunJobInput,
  more: { readonly status: string; readonly refresh: boolean; readonly error?: ErrorInfo },
): Promise<ClosedJob> => run('EndJob', clusterId, { jobId, error: null, ...more });

async function failureOf(running: Promise<unknown>): Promise<unknown> {
  const thrown = await running.then(
    () => null,
    (error: unknown) => error,
  );
  return thrown instanceof ApplicationFailure ? thrown.details?.[0] : thrown;
}

/** What there is of a job and of the cluster that it makes. */
async function rowsOf({ jobId, clusterId }: RunJobInput): Promise<unknown> {
  const cluster = await stores.clusters.load(clusterId).catch(() => null);
  const job = await stores.jobs.find(jobId);
  const plan = job === null ? null : await stores.jobs.loadShape(jobId);
  return {
    cluster: cluster?.cluster.status ?? null,
    transition: cluster?.cluster.transitionStatus ?? null,
    job: job?.status ?? null,
    planned: plan !== null,
  };
}

const NOTHING = { cluster: null, transition: null, job: null, planned: false };

/** A function of the provider that goes on until its call is cancelled, which happens at once. */
function untilCancelled(environment: () => MockActivityEnvironment | null) {
  return (...args: readonly unknown[]): Promise<never> => {
    const last = args.at(-1) as { readonly signal?: AbortSignal } | undefined;
    const first = args[0] as { readonly signal?: AbortSignal };
    const signal = first.signal ?? last?.signal;
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('cut short')));
      environment()?.cancel('CANCELLED');
    });
  };
}

describe('the begin of a job', () => {
  it('stores cluster, job and plan; each thing is asked of the provider once', async () => {
    [change, asked] = [{}, []];
    const input = inputOf('whole');
    const begun = await begin(input);
    expect(begun).toMatchObject({
      closed: null,
      queues: { provider: 'memory', account: 'memory', region: 'memory' },
      timing: { heartbeatSeconds: 10 },
    });
    expect(begun.steps.map(({ index }) => index)).toEqual(begun.steps.map((_, index) => index));
    expect(begun.steps.length).toBeGreaterThan(3);
    expect(asked).toEqual(['parseClusterConf', 'checkResource', 'splitJobIntoTasks']);
    expect(await rowsOf(input)).toEqual({
      cluster: 'pending',
      transition: 'creating',
      job: 'working',
      planned: true,
    });

    // As after a worker that died before it could answer.
    asked = [];
    expect(await begin(input)).toEqual(begun);
    expect(asked).toEqual([]);
    await end(input, { status: 'cancelled', refresh: false });
    expect(await begin(input)).toMatchObject({ closed: { status: 'cancelled' }, steps: [] });
  });

  it('leaves nothing of a create that is cancelled while its conf is read', async () => {
    let environment: MockActivityEnvironment | null = null;
    [change, asked] = [{ parseClusterConf: untilCancelled(() => environment) }, []];
    const input = inputOf('cut');
    await expect(begin(input, (started) => (environment = started))).rejects.toBeInstanceOf(CancelledFailure);
    expect(asked).toEqual(['parseClusterConf']);
    expect(await rowsOf(input)).toEqual(NOTHING);
    expect(await end(input, { status: 'cancelled', refresh: false })).toEqual({ error: null });
    expect(await rowsOf(input)).toEqual(NOTHING);
  });

  it('opens no job once the cancel has come, whatever the provider makes of it', async () => {
    let environment: MockActivityEnvironment | null = null;
    change = {
      parseClusterConf: async (request) => {
        environment?.cancel('CANCELLED');
        return memory.parseClusterConf(request);
      },
    };
    const input = inputOf('late');
    await expect(begin(input, (started) => (environment = started))).rejects.toBeInstanceOf(CancelledFailure);
    expect(await rowsOf(input)).toEqual(NOTHING);
  });

  it('is cut short by a cancel while the cloud is asked; the end closes what was opened', async () => {
    let environment: MockActivityEnvironment | null = null;
    [change, asked] = [{ checkResource: untilCancelled(() => environment) }, []];
    const input = inputOf('asked');
    await expect(begin(input, (started) => (environment = started))).rejects.toBeInstanceOf(CancelledFailure);
    expect(asked).toEqual(['parseClusterConf', 'checkResource']);
    expect(await rowsOf(input)).toMatchObject({ job: 'working', transition: 'creating', planned: false });
    expect(await end(input, { status: 'cancelled', refresh: false })).toEqual({ error: null });
    expect(await rowsOf(input)).toMatchObject({ job: 'cancelled', transition: null });
  });

  it('leaves an open job without a plan where the cloud refuses', async () => {
    change = { checkResource: () => Promise.reject(WindlassError.fromInfo(AWAY)) };
    const input = inputOf('refused');
    expect(await failureOf(begin(input))).toMatchObject(AWAY);
    expect(await rowsOf(input)).toMatchObject({ job: 'working', planned: false });
    expect(await end(input, { status: 'failed', refresh: false, error: AWAY })).toEqual({ error: AWAY });
    expect(await rowsOf(input)).toEqual({
      ...NOTHING,
      cluster: 'failed',
      job: 'failed',
    });
  });

  it('leaves nothing of a create whose name another has', async () => {
    change = {};
    const first = inputOf('first', 'shared');
    await begin(first);
    const second = inputOf('second', 'shared');
    expect(await failureOf(begin(second))).toMatchObject({ code: 'CLUSTER_NAME_TAKEN' });
    expect(await rowsOf(second)).toEqual(NOTHING);
  });

  it('takes the next name where another has just taken the one that was chosen', async () => {
    const input = inputOf('unnamed', null);
    change = {};
    const { listNamesLike } = stores.clusters;
    let raced = false;
    stores.clusters.listNamesLike = async (name, clusterId) => {
      const names = await listNamesLike(name, clusterId);
      // The other comes between the choice of the name and the rows.
      if (!raced) {
        raced = true;
        await begin(inputOf('quicker', name));
      }
      return names;
    };
    try {
      await begin(input);
    } finally {
      Object.assign(stores.clusters, { listNamesLike });
    }
    const { cluster } = await stores.clusters.load(input.clusterId);
    const { cluster: quicker } = await stores.clusters.load('cl-quicker');
    expect(cluster.name).toBe(`${quicker.name}-2`);
  });
});

describe('the end of a job', () => {
  it('closes nothing where the cloud refuses to say how the cluster is', async () => {
    [change, asked] = [{}, []];
    const input = inputOf('away');
    await begin(input);
    change = { updateClusterStatus: () => Promise.reject(WindlassError.fromInfo(AWAY)) };
    expect(await failureOf(end(input, { status: 'successful', refresh: true }))).toMatchObject(AWAY);
    expect(await rowsOf(input)).toMatchObject({ job: 'working', transition: 'creating' });
    asked = [];
    expect(await end(input, { status: 'successful', refresh: false })).toEqual({ error: null });
    expect(asked).toEqual([]);
    expect(await rowsOf(input)).toMatchObject({ cluster: 'active', job: 'successful', transition: null });
  });

  it('is answered once more as it was, without another look at the cloud', async () => {
    [change, asked] = [{}, []];
    const input = inputOf('twice');
    await begin(input);
    asked = [];
    await end(input, { status: 'failed', refresh: true, error: AWAY });
    expect(asked).toEqual(['updateClusterStatus']);
    expect(await end(input, { status: 'successful', refresh: true })).toEqual({ error: AWAY });
    expect(asked).toEqual(['updateClusterStatus']);
  });

  it('of a job that was never opened is the reason that its workflow knows', async () => {
    const answer = await end(inputOf('never'), { status: 'failed', refresh: false, error: AWAY });
    expect(answer).toEqual({ error: AWAY });
  });
});
