import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { unpackContent } from '../../src/app-package/index.ts';
import { connectClient, type JobEvent, type WindlassClient } from '../../src/client/index.ts';
import { credentialBinding, WindlassError, type SealedSecret } from '../../src/domain/index.ts';
import {
  SEARCH_ATTRIBUTES,
  type AppUpload,
  type RunJobInput,
  type RuntimeInput,
  type RuntimeView,
} from '../../src/protocol/index.ts';
import { bindConf, openKeyring } from '../../src/secrets/index.ts';
import { startTemporal, type TestTemporal } from '../kit/temporal.ts';
import { APP, clusterView, FORM, jobView, RUNTIME, withTask, writePackage } from './answers.ts';
import { OBSERVATION, startStandInWorkers, type StandInWorkers } from './stand-in-worker.ts';

let temporal: TestTemporal;
let workers: StandInWorkers;
let client: WindlassClient;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-client-'));
  temporal = await startTemporal();
  client = await connectClient({ ...temporal, env: {}, identity: 'tester@here' });
});

afterAll(async () => {
  await client?.close();
  await workers?.stop();
  await temporal?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ROUTE = { provider: 'memory', fairnessKey: 'account/region' };
const notFound = new WindlassError('not-found', 'no such job', { code: 'JOB_NOT_FOUND' });

async function failure(promise: Promise<unknown>): Promise<WindlassError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!WindlassError.isInstance(error)) throw new Error('no WindlassError was thrown', { cause: error });
  return error;
}

async function readInput(clusterId: string): Promise<RunJobInput> {
  const { events } = await workers.job(clusterId).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as RunJobInput;
}

/** A busy machine answers late. */
const PATIENT = { timeout: 30_000 };

describe('without a worker', () => {
  test('says where no server answers, and what to do', async () => {
    const error = await failure(connectClient({ address: '127.0.0.1:1', env: {}, connectTimeoutMs: 500 }));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'TEMPORAL_UNREACHABLE' });
    expect(error.message).toContain('127.0.0.1:1');
    expect(error.hint).toContain('windlass dev');
  });

  test('says that no worker takes a request', async () => {
    const { address } = temporal;
    const impatient = await connectClient({ address, env: {}, workerTimeoutMs: 300 });
    const error = await failure(impatient.describeWorker());
    await impatient.close();
    expect(error).toMatchObject({ kind: 'unavailable', code: 'NO_WORKER' });
    expect(error.hint).toContain('windlass worker');
  });

  test('delivers a cancel, and says that it waits for a worker', PATIENT, async () => {
    const { address, namespace } = temporal;
    const connection = await Connection.connect({ address });
    const server = new Client({ connection, namespace });
    const impatient = await connectClient({ address, env: {}, workerTimeoutMs: 300 });
    const handle = await server.workflow.start('runJob', {
      taskQueue: 'nobody-polls',
      workflowId: 'cluster/cl-alone',
      memo: { jobId: 'j-alone' },
      typedSearchAttributes: [
        { key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.job, 'KEYWORD'), value: 'j-alone' },
      ],
    });
    // Visibility is eventually consistent.
    const cancelled = await vi.waitFor(() => impatient.jobs.cancel('j-alone'), PATIENT);
    expect(cancelled).toMatchObject({ jobId: 'j-alone', clusterId: 'cl-alone', waitsForWorker: true });
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes)).toBe(true);
    expect(await failure(impatient.jobs.cancel('j-unknown'))).toMatchObject({ code: 'NO_WORKER' });
    await handle.terminate();
    await impatient.close();
    await connection.close();
  });

  test('reads address and namespace from the environment given', async () => {
    const env = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'nowhere' };
    const lost = await connectClient({ env });
    const error = await failure(lost.describeWorker());
    await lost.close();
    expect(error).toMatchObject({ kind: 'not-found', code: 'TEMPORAL_NOT_FOUND' });
    expect(error.message).toContain('nowhere');
  });
});

describe('with workers', () => {
  /** A request that a worker took and never heard of again; its answer comes while the others run. */
  let lost: Promise<readonly RuntimeView[]>;
  let listAttempts = 0;
  let letGo = (): void => {};

  beforeAll(async () => {
    workers = await startStandInWorkers(temporal.address, temporal.namespace);
    workers.requests.listRuntimes = async () => {
      listAttempts += 1;
      return listAttempts === 1 ? new Promise((resolve) => (letGo = () => resolve([]))) : [];
    };
    lost = client.runtimes.list();
    lost.catch(() => {});
  });

  beforeEach(() => {
    workers.requests.findJob = async () => null;
    workers.requests.describeApp = async () => ({ ...APP, form: FORM });
    workers.requests.checkCreateCluster = async () => ({
      runtimeId: 'rt-1',
      versionId: 'appv-1',
      route: ROUTE,
    });
    workers.requests.describeRuntime = async () => RUNTIME;
    workers.requests.describeWorker = async () => ({
      version: '1',
      providers: ['aws', 'local', 'memory'],
      settings: { aws: ['region', 'image.<package>'] },
    });
    workers.requests.checkJob = async () => ({
      runtimeId: 'rt-1',
      versionId: 'appv-1',
      appName: 'zk',
      route: ROUTE,
    });
    workers.requests.describeJob = async () => Promise.reject(notFound);
    workers.requests.getSealingKey = async () =>
      (await openKeyring(join(folder, 'keyring.json'))).sealingKey();
  });

  test('gives back the error that a worker threw, whole', async () => {
    const thrown = new WindlassError('quota', 'too many', {
      code: 'RUNTIME_QUOTA',
      hint: 'fewer',
      field: 'zone',
      details: [{ field: 'a', message: 'b' }],
    });
    workers.requests.describeRuntime = async () => Promise.reject(thrown);
    expect((await failure(client.runtimes.describe('r'))).toInfo()).toEqual(thrown.toInfo());
  });

  test('says that a worker is older than the client where it does not know a read', async () => {
    const error = await failure(client.runtimes.subnets('r'));
    expect(error).toMatchObject({ kind: 'internal', code: 'WORKER_TOO_OLD' });
  });

  test('seals a credential to the runtime it is for', async () => {
    const inputs: RuntimeInput[] = [];
    workers.requests.createRuntime = async (input) => {
      inputs.push(input);
      return { ...input, account: 'a', region: 'r', createdAt: '' };
    };
    const credential = '{"accessKeyId":"id","secretAccessKey":"planted-credential"}';
    await client.runtimes.create({ name: 'prod', provider: 'aws', zone: 'z', credential, requestId: 'r1' });
    await client.runtimes.create({ name: 'prod', provider: 'aws', zone: 'z', credential, requestId: 'r1' });
    const [first, second] = inputs;
    expect(first?.runtimeId).toBe(second?.runtimeId);
    expect(JSON.stringify(inputs)).not.toContain('planted-credential');
    const keyring = await openKeyring(join(folder, 'keyring.json'));
    if (first === undefined) throw new Error('nothing arrived');
    const binding = credentialBinding('create', first);
    expect(await keyring.openSealed(sealed(first.credential), binding)).toBe(credential);
  });

  test('refuses a credential that is broken JSON without quoting it', async () => {
    const request = {
      name: 'prod',
      provider: 'aws',
      zone: 'z',
      credential: '{"secret": "planted-credential',
    };
    const error = await failure(client.runtimes.create(request));
    expect(error).toMatchObject({ kind: 'invalid-input', code: 'CREDENTIAL_FORMAT' });
    expect(JSON.stringify(error.toInfo())).not.toContain('planted');
  });

  test('sends only the parts of a package that the workers lack', async () => {
    const app = writePackage(folder);
    const uploads: AppUpload[] = [];
    const parts = new Map<number, Buffer>();
    let broken = true;
    workers.requests.beginAppUpload = async (upload) => {
      uploads.push(upload);
      const all = Array.from({ length: upload.parts }, (_, index) => index);
      return { missing: all.filter((index) => !parts.has(index)), registered: null };
    };
    const sent: number[] = [];
    workers.requests.putAppPart = async ({ index, base64 }) => {
      sent.push(index);
      if (broken && index === 1) throw new WindlassError('permission', 'disk is sealed', { code: 'TEST' });
      parts.set(index, Buffer.from(base64, 'base64'));
    };
    workers.requests.registerApp = async () => APP;
    expect((await failure(client.apps.register(app))).code).toBe('TEST');
    broken = false;
    sent.length = 0;
    expect(await client.apps.register(app)).toEqual(APP);
    expect(sent).toContain(1);
    expect(sent).not.toContain(0);
    const [upload] = uploads;
    expect(upload?.parts).toBe(3);
    const packed = Buffer.concat([...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part));
    expect(packed.byteLength).toBe(upload?.sizeBytes);
    expect(unpackContent(packed).map((file) => file.path)).toContain('node/blob');
  });

  test('creates one cluster for one request id, with passwords sealed and settings typed', async () => {
    const request = {
      app: 'zk',
      runtime: 'local',
      name: 'mine',
      requestId: 'same',
      settings: { 'env.port': '2181' },
    };
    const conf = { env: { secret: 'planted-password' } };
    const first = await client.clusters.create({ ...request, conf });
    expect(first.status).toBe('queued');
    const again = await client.clusters.create({ ...request, conf });
    expect(again).toEqual({ ...first, status: 'working' });
    const input = await readInput(first.clusterId);
    const { clusterId, jobId } = first;
    expect(input).toMatchObject({ clusterId, jobId, action: 'create', requestedBy: 'tester@here' });
    expect(JSON.stringify(input)).not.toContain('planted-password');
    const env = input.create?.conf['env'] as { port: number; secret: { $sealed: SealedSecret } };
    expect(env.port).toBe(2181);
    const keyring = await openKeyring(join(folder, 'keyring.json'));
    if (input.create === undefined) throw new Error('nothing is to be created');
    const { runtime: runtimeId, ...rest } = input.create;
    const binding = bindConf({ action: 'create', ...rest, runtimeId })('env.secret');
    expect(await keyring.openSealed(env.secret.$sealed, binding)).toBe('planted-password');

    workers.requests.findJob = async ({ jobId }) =>
      jobView({ jobId, clusterId: first.clusterId, status: 'successful' });
    expect(await client.clusters.create({ ...request, conf })).toEqual({ ...first, status: 'successful' });
    const other = await failure(client.clusters.stop('cl-other', { requestId: 'same' }));
    expect(other).toMatchObject({ kind: 'conflict', code: 'REQUEST_ID_USED' });
    await workers.job(first.clusterId).signal('finish', null);
  });

  test('refuses a setting that the form does not know, before anything starts', async () => {
    const error = await failure(
      client.clusters.create({
        app: 'zk',
        runtime: 'local',
        settings: { 'env.prot': '1' },
        requestId: 'typo',
      }),
    );
    expect(error).toMatchObject({ kind: 'invalid-input', code: 'CONF_INVALID', field: 'env.prot' });
  });

  test('refuses a second job on a busy cluster, naming the one that runs', async () => {
    const clusterId = 'cl-busy';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const first = await client.clusters.stop(clusterId);
    const error = await failure(client.clusters.delete(clusterId));
    expect(error).toMatchObject({ kind: 'conflict', code: 'CLUSTER_BUSY' });
    expect(error.message).toContain(`${first.jobId} (stop)`);
    expect(error.hint).toContain(first.jobId);
    await workers.job(clusterId).signal('finish', null);
    await workers.job(clusterId).result();
    expect((await client.clusters.delete(clusterId, { force: true })).jobId).not.toBe(first.jobId);
    expect((await readInput(clusterId)).options).toEqual({ force: true });
    await workers.job(clusterId).signal('finish', null);
  });

  test('labels the job for those who look at it in Temporal', async () => {
    const clusterId = 'cl-labels';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.stop(clusterId);
    const described = await workers.job(clusterId).describe();
    expect(await described.staticSummary()).toBe('stop mine');
    expect(described.memo).toEqual({ jobId, provider: ROUTE.provider });
    // Its activities inherit it.
    expect(described.priority?.fairnessKey).toBe(ROUTE.fairnessKey);
    const attributes = described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    expect(Object.fromEntries(attributes)).toMatchObject({
      WindlassAction: 'stop',
      WindlassApp: 'zk',
      WindlassCluster: clusterId,
      WindlassJob: jobId,
      WindlassRuntime: 'rt-1',
      WindlassStatus: 'working',
    });
    await workers.job(clusterId).signal('finish', null);
  });

  test('adds to a job what its pending activities know', async () => {
    const clusterId = 'cl-pending';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.start(clusterId);
    workers.requests.describeJob = async () => withTask(jobView({ jobId, clusterId, action: 'start' }));
    const task = await vi.waitFor(async () => {
      const view = await client.jobs.describe(jobId, { clusterId });
      const found = view.layers[0]?.tasks[0];
      expect(found?.observation).toBe(OBSERVATION);
      return found;
    }, PATIENT);
    // Looks are no attempts, whatever the number of tries that Temporal counts.
    expect(task).toMatchObject({ status: 'working', attempts: 2, error: null });
    expect(task).not.toHaveProperty('nextAttemptAt');
    await workers.job(clusterId).signal('finish', null);
  });

  test('watches a job that no worker has stored yet, through a silence, to its end', async () => {
    const clusterId = 'cl-watched';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.stop(clusterId);
    const events: JobEvent[] = [];
    const watching = (async () => {
      for await (const event of client.jobs.watch(jobId, { clusterId, pollMs: 50 })) {
        events.push(event);
        if (event.event === 'job-started') {
          workers.requests.describeJob = async () => withTask(jobView({ jobId, clusterId, action: 'stop' }));
        } else if (event.event === 'task-observed') {
          const away = new WindlassError('unavailable', 'no database', { code: 'DATABASE_UNAVAILABLE' });
          workers.requests.describeJob = async () => Promise.reject(away);
        } else if (event.event === 'contact-lost') {
          const closed = { status: 'successful' as const, closedAt: '2026-01-01T00:01:00.000Z' };
          workers.requests.describeJob = async () => jobView({ jobId, clusterId, action: 'stop', ...closed });
        }
      }
    })();
    await watching;
    expect(events.map((event) => event.event)).toEqual([
      'job-started',
      'job-planned',
      'layer-started',
      'task-started',
      'task-observed',
      'contact-lost',
      'contact-restored',
      'job-ended',
    ]);
    await workers.job(clusterId).signal('finish', null);
  });

  test('tells why a job ended that failed before it could be stored', async () => {
    const clusterId = 'cl-unstored';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.stop(clusterId);
    const info = { kind: 'not-found', code: 'RUNTIME_NOT_FOUND', message: 'the runtime is gone' } as const;
    await workers.job(clusterId).signal('finish', info);
    const view = await client.jobs.wait(jobId, { clusterId, pollMs: 50 });
    expect(view).toMatchObject({ status: 'failed', error: info });
  });

  test('ends a wait at its limit and leaves the job alone', async () => {
    const clusterId = 'cl-patience';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.stop(clusterId);
    const error = await failure(client.jobs.wait(jobId, { clusterId, timeoutMs: 200 }));
    expect(error).toMatchObject({ kind: 'timeout', code: 'JOB_WAIT_TIMEOUT' });
    expect((await workers.job(clusterId).describe()).status.name).toBe('RUNNING');
    await workers.job(clusterId).signal('finish', null);
  });

  test('cancels an open job, found by its search attribute, and refuses a closed one', async () => {
    const clusterId = 'cl-cancel';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.stop(clusterId);
    workers.requests.describeJob = async () => jobView({ jobId, clusterId, action: 'stop' });
    // Visibility is eventually consistent.
    const summary = await vi.waitFor(() => client.jobs.cancel(jobId), PATIENT);
    expect(summary).toMatchObject({ jobId, clusterId, waitsForWorker: false });
    await expect(workers.job(clusterId).result()).rejects.toThrow();
    expect((await workers.job(clusterId).describe()).status.name).toBe('CANCELLED');
    workers.requests.describeJob = async () =>
      jobView({ jobId, clusterId, action: 'stop', status: 'cancelled' });
    expect(await failure(client.jobs.cancel(jobId))).toMatchObject({ kind: 'conflict', code: 'JOB_CLOSED' });
  });

  test('gives the history of a job in the form that replays', async () => {
    const clusterId = 'cl-history';
    workers.requests.describeCluster = async () => clusterView(clusterId);
    const { jobId } = await client.clusters.stop(clusterId);
    workers.requests.describeJob = async () => jobView({ jobId, clusterId, action: 'stop' });
    const [own, ...others] = await vi.waitFor(() => client.jobs.history(jobId), PATIENT);
    expect(others).toEqual([]);
    expect(own).toMatchObject({ workflowId: `cluster/${clusterId}` });
    const { events } = (own?.history ?? { events: [] }) as { events: { eventType: string }[] };
    expect(events[0]?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
    await workers.job(clusterId).signal('finish', null);
  });

  test('says that a job is unknown, whatever its id looks like', async () => {
    for (const jobId of ['j-none', "j' OR WindlassJob != '"]) {
      expect(await failure(client.jobs.describe(jobId))).toMatchObject({
        kind: 'not-found',
        code: 'JOB_NOT_FOUND',
      });
    }
  });

  test('sends a request again that got lost, long before its time is over', async () => {
    expect(await lost).toEqual([]);
    expect(listAttempts).toBe(2);
    letGo();
  }, 120_000);
});

function sealed(secret: SealedSecret | null | undefined): SealedSecret {
  if (secret == null) throw new Error('nothing was sealed');
  return secret;
}
