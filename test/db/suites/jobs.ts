import { expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { createLanes, createLayer, flattenPlan } from '../../../src/plan/index.ts';
import { rejectedCodes } from '../../kit/outcomes.ts';
import { aCluster, aJob, aPlan, aRuntime, aTask, NOW } from '../../kit/sample-records.ts';

const OPEN = { from: ['pending', 'failed'], status: 'creating' } as const;
const LATER = '2026-01-02T04:00:00.000Z';

/** Jobs and their plans. */
export function jobsSuite(stores: () => Stores): void {
  const prepare = async (clusterId: string, size = 3) => {
    await stores().runtimes.create(aRuntime('jobs'), null);
    const wrapper = aCluster(clusterId, 'rt-jobs', size);
    await stores().clusters.create(wrapper);
    return wrapper;
  };

  test('opens a job once, and sets the transition of its cluster', async () => {
    const { jobs, clusters } = stores();
    await prepare('cl-open');
    const job = aJob('cl-open', 'open');
    expect(await jobs.open(job, OPEN)).toEqual(job);
    expect(await jobs.open({ ...job, requestedBy: 'again' }, OPEN)).toEqual(job);
    expect((await clusters.resolve('cl-open')).transitionStatus).toBe('creating');
    expect(await jobs.get('job-open')).toEqual(job);
    expect(await jobs.find('job-none')).toBeNull();
    await expect(jobs.get('job-none')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  test('stores the cluster that a job makes together with the job, or neither', async () => {
    const { jobs, clusters, secrets } = stores();
    await stores().runtimes.create(aRuntime('jobs'), null);
    const made = aCluster('cl-made', 'rt-jobs', 2, { name: 'made' });
    const secret = { keyId: 'key', sealed: new Uint8Array([1, 2]) };
    const start = { made, secrets: [{ name: 'conf/password', secret }] };
    await jobs.open(aJob('cl-made', 'made'), OPEN, start);
    expect(await clusters.load('cl-made')).toMatchObject({
      cluster: { transitionStatus: 'creating' },
      nodes: [{}, {}],
    });
    expect(await secrets.get('cl-made', 'conf/password')).toEqual(secret);

    const second = aCluster('cl-second', 'rt-jobs', 2, { name: 'made' });
    const third = aCluster('cl-third', 'rt-jobs', 2, { name: 'third', status: 'active' });
    await expect(
      jobs.open(aJob('cl-second', 'second'), OPEN, { ...start, made: second }),
    ).rejects.toMatchObject({ code: 'CLUSTER_NAME_TAKEN' });
    await expect(jobs.open(aJob('cl-third', 'third'), OPEN, { ...start, made: third })).rejects.toMatchObject(
      { code: 'CLUSTER_STATUS' },
    );
    for (const id of ['cl-second', 'cl-third']) {
      await expect(clusters.load(id)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
      expect(await secrets.list(id)).toEqual([]);
    }
  });

  test('refuses a second job, naming the one that runs', async () => {
    const { jobs } = stores();
    await prepare('cl-busy');
    await jobs.open(aJob('cl-busy', 'first'), OPEN);
    await expect(jobs.open(aJob('cl-busy', 'second'), OPEN)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'CLUSTER_BUSY',
      message: expect.stringContaining('job-first') as string,
    });
    expect(await jobs.find('job-second')).toBeNull();
  });

  test('of many jobs opened at once exactly one is', async () => {
    const { jobs } = stores();
    await prepare('cl-race');
    const ids = ['r1', 'r2', 'r3', 'r4', 'r5'];
    const results = await Promise.allSettled(ids.map((id) => jobs.open(aJob('cl-race', id), OPEN)));
    expect(rejectedCodes(results)).toEqual(ids.slice(1).map(() => 'CLUSTER_BUSY'));
    expect((await jobs.list({ limit: 10, clusterId: 'cl-race' })).map((job) => job.status)).toEqual([
      'working',
    ]);
  });

  test('refuses a job for a cluster in another status, or none', async () => {
    const { jobs } = stores();
    await prepare('cl-status');
    await expect(
      jobs.open(aJob('cl-status', 's'), { from: ['stopped'], status: 'starting' }),
    ).rejects.toMatchObject({
      code: 'CLUSTER_STATUS',
    });
    await expect(jobs.open(aJob('cl-none', 's'), OPEN)).rejects.toMatchObject({ code: 'CLUSTER_NOT_FOUND' });
  });

  test('keeps the first plan', async () => {
    const { jobs, tasks } = stores();
    const wrapper = await prepare('cl-plan');
    await jobs.open(aJob('cl-plan', 'plan'), OPEN);
    expect(await jobs.loadShape('job-plan')).toBeNull();
    const plan = flattenPlan(aPlan(wrapper));
    const other = flattenPlan(aPlan(wrapper, ['Other']));
    expect(await jobs.findPlanHash('job-plan')).toBeNull();
    expect(await jobs.storePlan('job-plan', plan, 1, 'hash-1')).toEqual(plan.steps);
    expect(await jobs.storePlan('job-plan', other, 1, 'hash-2')).toEqual(plan.steps);
    expect(await jobs.findPlanHash('job-plan')).toBe('hash-1');
    expect(await jobs.loadShape('job-plan')).toEqual(plan.steps);
    expect(await tasks.loadSlice('job-plan', { step: 1, of: 'tasks', from: 1, to: 5 })).toEqual([
      [
        [
          { taskId: 'job-plan.1.1', action: 'RunInstances', label: 'main cl-plan-n2', failureAllowed: false },
          { taskId: 'job-plan.1.2', action: 'RunInstances', label: 'main cl-plan-n3', failureAllowed: false },
        ],
      ],
    ]);
    const [task] = await tasks.list('job-plan', 0);
    expect(task).toEqual({
      ...aTask('cl-plan-n1'),
      taskId: 'job-plan.0.0',
      jobId: 'job-plan',
      clusterId: 'cl-plan',
      layerIndex: 0,
      index: 0,
      lane: null,
      status: 'queued',
      round: 0,
      failures: 0,
      observation: null,
      error: null,
      startedAt: null,
      endedAt: null,
    });
    expect(await tasks.list('job-plan')).toHaveLength(6);
  });

  test('gives back the lanes of a step, each with its layers in order', async () => {
    const { jobs, tasks } = stores();
    const wrapper = await prepare('cl-lanes');
    await jobs.open(aJob('cl-lanes', 'lanes'), OPEN);
    const lanes = wrapper.nodes.map(({ nodeId }, index) => ({
      label: nodeId,
      layers: ['make', 'attach', 'mount']
        // The second node has nothing to attach.
        .filter((title) => index !== 1 || title !== 'attach')
        .map((title) => createLayer(title, [aTask(nodeId, { label: `${title} ${index}` })])),
    }));
    const first = createLayer('acquire', [aTask(null)]);
    const plan = flattenPlan([first, createLanes('nodes', lanes, { atOnce: 2, runs: 'always' })]);
    expect(await jobs.storePlan('job-lanes', plan, 1)).toEqual(plan.steps);
    expect(await jobs.loadShape('job-lanes')).toEqual(plan.steps);
    const slice = await tasks.loadSlice('job-lanes', { step: 1, of: 'lanes', from: 1, to: 3 });
    expect(slice.map((lane) => lane.map((layer) => layer.map(({ label }) => label)))).toEqual([
      [['make 1'], ['mount 1']],
      [['make 2'], ['attach 2'], ['mount 2']],
    ]);
    expect((await tasks.list('job-lanes', 3)).map(({ label, lane }) => [label, lane])).toEqual([
      ['mount 0', 0],
      ['mount 1', 1],
      ['mount 2', 2],
    ]);
  });

  test('counts the tasks of each layer, and lists those of a status', async () => {
    const { jobs, tasks } = stores();
    const wrapper = await prepare('cl-count');
    await jobs.open(aJob('cl-count', 'count'), OPEN);
    await jobs.storePlan('job-count', flattenPlan(aPlan(wrapper)), 1);
    const at = '2026-01-02T03:04:05.678Z';
    await tasks.loadWithContext('job-count.0.0', at);
    await tasks.end('job-count.0.0', { status: 'successful', at });
    await tasks.loadWithContext('job-count.0.1', at);
    await tasks.end('job-count.0.1', { status: 'failed', at });
    await tasks.loadWithContext('job-count.1.2', at);
    expect(await tasks.countByLayer('job-count')).toEqual([
      { layerIndex: 0, done: 1, failed: 1, skipped: 0 },
      { layerIndex: 1, done: 0, failed: 0, skipped: 0 },
    ]);
    const unfinished = await tasks.listByStatus('job-count', ['working', 'failed']);
    expect(unfinished.map((task) => task.taskId)).toEqual(['job-count.0.1', 'job-count.1.2']);
  });

  test('refuses to read a plan of a newer release', async () => {
    const { jobs } = stores();
    await prepare('cl-new');
    await jobs.open(aJob('cl-new', 'new'), OPEN);
    await jobs.storePlan('job-new', flattenPlan([]), 99);
    await expect(jobs.loadShape('job-new')).rejects.toMatchObject({ kind: 'internal', code: 'PLAN_TOO_NEW' });
  });

  test('stores a plan of 12,000 tasks in seconds', async () => {
    const { jobs, tasks } = stores();
    const wrapper = await prepare('cl-wide', 1000);
    await jobs.open(aJob('cl-wide', 'wide'), OPEN);
    const plan = aPlan(
      wrapper,
      Array.from({ length: 12 }, (_, index) => `layer ${index}`),
    );
    const begun = performance.now();
    await jobs.storePlan('job-wide', flattenPlan(plan), 1);
    // Less than one second on an idle machine; a row at a time takes more than ten, and a busy one many times that.
    expect(performance.now() - begun).toBeLessThan(20_000);
    const [[last = []] = []] = await tasks.loadSlice('job-wide', {
      step: 11,
      of: 'tasks',
      from: 900,
      to: 1000,
    });
    expect(last).toHaveLength(100);
  });

  test('remembers for good that a cluster was active once', async () => {
    const { jobs, clusters } = stores();
    const wrapper = await prepare('cl-once');
    const end = { status: 'successful', error: null, clusterStatus: 'active', closedAt: LATER } as const;
    // A job that was refused leaves the status as it was: that makes nothing whole.
    await jobs.open(aJob('cl-once', 'refused'), OPEN);
    await jobs.close('job-refused', { ...end, status: 'failed' });
    expect((await clusters.resolve('cl-once')).wasActive).toBe(false);
    const anyStatus = { ...OPEN, from: ['pending', 'active', 'failed'] as const };
    await jobs.open(aJob('cl-once', 'whole'), anyStatus);
    await jobs.close('job-whole', end);
    expect((await clusters.resolve('cl-once')).wasActive).toBe(true);
    // Neither a failure nor what a job wants of the cluster takes it back.
    const change = { before: wrapper, joined: wrapper, leaving: { nodeIds: [], roles: [] } };
    await jobs.open(aJob('cl-once', 'change'), anyStatus, { change });
    await jobs.close('job-change', { ...end, status: 'failed', clusterStatus: 'failed' });
    expect(await clusters.resolve('cl-once')).toMatchObject({ status: 'failed', wasActive: true });
  });

  test('closes a job with its unfinished tasks, and for good', async () => {
    const { jobs, tasks, clusters } = stores();
    const wrapper = await prepare('cl-close');
    await jobs.open(aJob('cl-close', 'close'), OPEN);
    await jobs.storePlan('job-close', flattenPlan(aPlan(wrapper, ['RunInstances'])), 1);
    await tasks.loadWithContext('job-close.0.0', NOW);
    await tasks.end('job-close.0.0', { status: 'successful', at: NOW });
    await tasks.loadWithContext('job-close.0.1', NOW);
    const error = { kind: 'quota', code: 'QUOTA', message: 'too many' } as const;
    const { job: closed, changed } = await jobs.close('job-close', {
      status: 'failed',
      error,
      clusterStatus: 'failed',
      closedAt: LATER,
    });
    expect(changed).toBe(true);
    expect(closed).toMatchObject({ status: 'failed', error, closedAt: LATER });
    const ended = await tasks.list('job-close');
    expect(ended.map((task) => [task.status, task.endedAt])).toEqual([
      ['successful', NOW],
      ['cancelled', LATER],
      ['skipped', LATER],
    ]);
    expect(await clusters.resolve('cl-close')).toMatchObject({
      ...{ status: 'failed', transitionStatus: null, wasActive: false },
    });

    const again = { status: 'successful', error: null, clusterStatus: 'active', closedAt: NOW } as const;
    expect(await jobs.close('job-close', again)).toEqual({ job: closed, changed: false });
    expect((await clusters.resolve('cl-close')).status).toBe('failed');
    expect(await jobs.open(aJob('cl-close', 'close'), OPEN)).toEqual(closed);
    expect((await jobs.listOpen()).map((job) => job.jobId)).not.toContain('job-close');
    await expect(jobs.storePlan('job-none', flattenPlan([]), 1)).rejects.toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
  });
}
