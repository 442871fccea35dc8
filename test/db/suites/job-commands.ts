import { beforeAll, expect, test } from 'vitest';
import type { Stores } from '../../../src/db/index.ts';
import { ENGINE, ONCE_ACTIONS, type CommandRequest, type PlannedTask } from '../../../src/domain/index.ts';
import { createLayer, flattenPlan } from '../../../src/plan/index.ts';
import { rejectedCodes } from '../../kit/outcomes.ts';
import { aCluster, aJob, aPlan, aRuntime, aTask, NOW } from '../../kit/sample-records.ts';

const LATER = '2026-01-02T04:00:00.000Z';
const LATEST = '2026-01-02T05:00:00.000Z';
const FAILURE = { kind: 'conflict', code: 'SERVICE_FAILED', message: 'exit code 1' } as const;

function aCommand(commandId: string, change: Partial<CommandRequest> = {}): CommandRequest {
  return { commandId, by: 'ada', why: `because of ${commandId}`, at: LATER, ...change };
}

/** What is told an open job and its tasks, by whom and why. */
export function jobCommandsSuite(stores: () => Stores): void {
  beforeAll(async () => {
    await stores().runtimes.create(aRuntime('commands'), null);
  });

  const prepare = async (id: string) => {
    const { clusters, jobs } = stores();
    const wrapper = aCluster(`cl-${id}`, 'rt-commands', 2);
    await clusters.create(wrapper);
    await jobs.open(aJob(`cl-${id}`, id, { runtimeId: 'rt-commands' }), {
      from: ['pending'],
      status: 'creating',
    });
    await jobs.storePlan(`job-${id}`, flattenPlan(aPlan(wrapper, ['StartService', 'After'])), 1);
  };
  const fail = async (taskId: string) => {
    await stores().tasks.loadWithContext(taskId, NOW);
    await stores().tasks.recordFailure(taskId, FAILURE);
    await stores().tasks.end(taskId, { status: 'failed', at: NOW, observation: 'half', error: FAILURE });
  };
  const close = (id: string, status: 'successful' | 'failed' = 'failed') =>
    stores().jobs.close(`job-${id}`, {
      status,
      error: null,
      clusterStatus: 'failed',
      closedAt: LATEST,
    });

  test('a failed task is opened again, with its next round, and runs as if it never had', async () => {
    const { tasks } = stores();
    await prepare('reopen');
    const taskId = 'job-reopen.0.0';
    expect((await tasks.loadWithContext(taskId)).task.round).toBe(0);
    await fail(taskId);
    const reopened = await tasks.reopen(taskId, aCommand('c1'));
    expect(reopened).toMatchObject({
      taskId,
      status: 'queued',
      round: 1,
      failures: 0,
      observation: null,
      error: null,
      startedAt: NOW,
      endedAt: null,
    });
    const { task } = await tasks.loadWithContext(taskId, LATER);
    expect(task).toMatchObject({ status: 'working', round: 1, startedAt: NOW });
    expect(await tasks.end(taskId, { status: 'successful', at: LATEST })).toBe(true);
    expect(await tasks.list('job-reopen', 0)).toMatchObject([
      { status: 'successful', round: 1, endedAt: LATEST },
      { status: 'queued', round: 0 },
    ]);
  });

  test('the same command again opens nothing, also when the task has failed once more', async () => {
    const { tasks, jobs } = stores();
    await prepare('again');
    const taskId = 'job-again.0.0';
    await fail(taskId);
    await Promise.all([1, 2, 3].map(() => tasks.reopen(taskId, aCommand('c1'))));
    expect((await tasks.list('job-again', 0))[0]).toMatchObject({ round: 1, status: 'queued' });
    await fail(taskId);
    expect(await tasks.reopen(taskId, aCommand('c1'))).toMatchObject({ round: 1, status: 'failed' });
    expect(await tasks.reopen(taskId, aCommand('c2'))).toMatchObject({ round: 2, status: 'queued' });
    expect(await jobs.listCommands('job-again')).toHaveLength(2);
  });

  test('of several people who open a task at once, one does', async () => {
    const { tasks } = stores();
    await prepare('retries');
    await fail('job-retries.0.0');
    const people = ['a', 'b', 'c', 'd'];
    const results = await Promise.allSettled(
      people.map((id) => tasks.reopen('job-retries.0.0', aCommand(id))),
    );
    expect(rejectedCodes(results)).toEqual(['TASK_NOT_FAILED', 'TASK_NOT_FAILED', 'TASK_NOT_FAILED']);
    expect((await tasks.list('job-retries', 0))[0]?.round).toBe(1);
  });

  test('a failed task is skipped, and keeps what it failed for', async () => {
    const { tasks } = stores();
    await prepare('skip');
    await fail('job-skip.0.1');
    expect(await tasks.skip('job-skip.0.1', aCommand('c1'))).toMatchObject({
      status: 'skipped',
      error: FAILURE,
      startedAt: NOW,
      endedAt: LATER,
      round: 0,
    });
    // A late attempt neither begins nor ends it.
    expect((await tasks.loadWithContext('job-skip.0.1', LATEST)).task.status).toBe('skipped');
    expect(await tasks.end('job-skip.0.1', { status: 'successful', at: LATEST })).toBe(false);
    expect((await tasks.list('job-skip', 0))[1]).toMatchObject({ status: 'skipped', endedAt: LATER });
  });

  test('what is shown of a large job: what has begun and has not succeeded, and how many were skipped', async () => {
    const { jobs, tasks, clusters } = stores();
    const wrapper = aCluster('cl-shown', 'rt-commands', 6);
    await clusters.create(wrapper);
    await jobs.open(aJob('cl-shown', 'shown', { runtimeId: 'rt-commands' }), {
      from: ['pending'],
      status: 'creating',
    });
    await jobs.storePlan('job-shown', flattenPlan(aPlan(wrapper, ['StartService', 'After'])), 1);
    const at = (index: number): string => `job-shown.0.${index}`;
    for (const index of [0, 1, 2]) await fail(at(index));
    await tasks.skip(at(0), aCommand('c0'));
    await tasks.reopen(at(1), aCommand('c1'));
    await tasks.loadWithContext(at(3), NOW);
    await tasks.loadWithContext(at(4), NOW);
    await tasks.end(at(4), { status: 'successful', at: NOW });
    const shown = async () =>
      (await tasks.listUnsuccessful('job-shown')).map(({ index, status }) => [index, status]);
    expect(await shown()).toEqual([
      [0, 'skipped'],
      [1, 'queued'],
      [2, 'failed'],
      [3, 'working'],
    ]);
    const counts = [
      { layerIndex: 0, done: 1, failed: 1, skipped: 1 },
      { layerIndex: 1, done: 0, failed: 0, skipped: 0 },
    ];
    expect(await tasks.countByLayer('job-shown')).toEqual(counts);
    // What the end of the job skips has never begun, and is not listed.
    await close('shown');
    expect(await shown()).toEqual([
      [0, 'skipped'],
      [1, 'cancelled'],
      [2, 'failed'],
      [3, 'cancelled'],
    ]);
    expect(await tasks.countByLayer('job-shown')).toEqual(counts);
  });

  test('tasks that have not failed are neither opened again nor skipped, and leave no trace in the log', async () => {
    const { tasks, jobs } = stores();
    await prepare('not-failed');
    const queued = 'job-not-failed.0.0';
    await tasks.loadWithContext('job-not-failed.0.1', NOW);
    for (const taskId of [queued, 'job-not-failed.0.1']) {
      await expect(tasks.reopen(taskId, aCommand('c1'))).rejects.toMatchObject({
        kind: 'conflict',
        code: 'TASK_NOT_FAILED',
      });
      await expect(tasks.skip(taskId, aCommand('c2'))).rejects.toMatchObject({ code: 'TASK_NOT_FAILED' });
    }
    await expect(tasks.reopen('job-not-failed.9.9', aCommand('c1'))).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
    expect(await jobs.listCommands('job-not-failed')).toEqual([]);
  });

  test('a step that is run again leaves out what has succeeded or was skipped', async () => {
    const { jobs, tasks } = stores();
    await prepare('again-left');
    const [done, skipped] = ['job-again-left.0.0', 'job-again-left.0.1'] as const;
    const left = async () =>
      (await tasks.loadSlice('job-again-left', { step: 0, of: 'tasks', from: 0, to: 9 }))
        .flat(2)
        .map(({ taskId }) => taskId);
    expect(await left()).toEqual([done, skipped]);
    await tasks.loadWithContext(done, NOW);
    await tasks.end(done, { status: 'successful', at: NOW });
    await fail(skipped);
    // A failure is met again until a user has decided about it.
    expect(await left()).toEqual([skipped]);
    await tasks.reopen(skipped, aCommand('c1'));
    expect(await left()).toEqual([skipped]);
    await fail(skipped);
    await tasks.skip(skipped, aCommand('c2'));
    expect(await left()).toEqual([]);
    await close('again-left', 'successful');
    await expect(left()).rejects.toMatchObject({ code: 'JOB_NOT_OPEN' });
    expect(await jobs.listCommands('job-again-left')).toHaveLength(2);
  });

  test('what is for a person to decide is not done in the name of the engine', async () => {
    const { jobs, tasks } = stores();
    await prepare('engine');
    await fail('job-engine.0.0');
    await jobs.hold('job-engine', aCommand('c1', { by: ENGINE }));
    const byEngine = aCommand('c2', { by: ENGINE });
    const refused = { kind: 'permission', code: 'COMMAND_BY_ENGINE' };
    await expect(jobs.resume('job-engine', byEngine)).rejects.toMatchObject(refused);
    await expect(tasks.reopen('job-engine.0.0', byEngine)).rejects.toMatchObject(refused);
    await expect(tasks.skip('job-engine.0.0', byEngine)).rejects.toMatchObject(refused);
    expect(await jobs.listCommands('job-engine')).toHaveLength(1);
    expect(await jobs.resume('job-engine', aCommand('c2'))).toMatchObject({ status: 'working' });
  });

  test('a job is held with who, when and why, and goes on when it is resumed', async () => {
    const { jobs, tasks } = stores();
    await prepare('hold');
    const held = { by: 'ada', why: 'because of c1', at: LATER };
    expect(await jobs.hold('job-hold', aCommand('c1'))).toMatchObject({ status: 'held', held });
    expect((await jobs.listOpen()).filter(({ jobId }) => jobId === 'job-hold')).toMatchObject([{ held }]);
    // The first reason to hold it stays, even if another command holds it again.
    expect(await jobs.hold('job-hold', aCommand('c2', { by: 'bob' }))).toMatchObject({ held });
    // What runs may end, and what has failed may be opened again.
    await fail('job-hold.0.0');
    await tasks.reopen('job-hold.0.0', aCommand('c3'));
    expect((await tasks.loadWithContext('job-hold.0.0', LATER)).job).toMatchObject({ status: 'held', held });
    expect(await jobs.resume('job-hold', aCommand('c4'))).toMatchObject({ status: 'working', held: null });
    // The command that held it comes once more: it has been carried out.
    expect(await jobs.hold('job-hold', aCommand('c1'))).toMatchObject({ status: 'working', held: null });
    await expect(jobs.resume('job-hold', aCommand('c5'))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'JOB_NOT_HELD',
    });
  });

  test('the log has each command with who and why, in order', async () => {
    const { jobs, tasks } = stores();
    await prepare('log');
    await fail('job-log.0.0');
    await fail('job-log.0.1');
    const at = (minute: number) => `2026-01-02T04:0${minute}:00.000Z`;
    await jobs.hold('job-log', aCommand('z', { by: 'windlass', at: at(1), why: 'half \uD800 and nul \0' }));
    await tasks.reopen('job-log.0.0', aCommand('y', { at: at(2) }));
    await tasks.skip('job-log.0.1', aCommand('x', { by: 'bob', at: at(3) }));
    await jobs.resume('job-log', aCommand('w', { at: at(4) }));
    const jobId = 'job-log';
    expect(await jobs.listCommands(jobId)).toEqual([
      {
        jobId,
        commandId: 'z',
        command: 'hold',
        taskId: null,
        by: 'windlass',
        why: 'half \uFFFD and nul \uFFFD',
        at: at(1),
      },
      { jobId, command: 'retry', taskId: 'job-log.0.0', ...aCommand('y', { at: at(2) }) },
      { jobId, command: 'skip', taskId: 'job-log.0.1', ...aCommand('x', { by: 'bob', at: at(3) }) },
      { jobId, command: 'resume', taskId: null, ...aCommand('w', { at: at(4) }) },
    ]);
    expect(await jobs.listCommands('job-none')).toEqual([]);
  });

  test('an id of one command is refused for another', async () => {
    const { jobs, tasks } = stores();
    await prepare('id');
    await fail('job-id.0.0');
    await fail('job-id.0.1');
    await tasks.reopen('job-id.0.0', aCommand('c1'));
    const used = { kind: 'conflict', code: 'COMMAND_ID_USED' };
    await expect(tasks.reopen('job-id.0.1', aCommand('c1'))).rejects.toMatchObject(used);
    await expect(tasks.skip('job-id.0.0', aCommand('c1'))).rejects.toMatchObject(used);
    await expect(jobs.hold('job-id', aCommand('c1'))).rejects.toMatchObject(used);
    expect((await tasks.list('job-id', 0)).map(({ round }) => round)).toEqual([1, 0]);
  });

  test('a closed job takes no command, and repeats what it has been told', async () => {
    const { jobs, tasks } = stores();
    await prepare('closed');
    await fail('job-closed.0.0');
    await fail('job-closed.0.1');
    await jobs.hold('job-closed', aCommand('c1'));
    await tasks.reopen('job-closed.0.0', aCommand('c2'));
    await close('closed');
    expect(await jobs.get('job-closed')).toMatchObject({ status: 'failed', held: null });
    // It ran once, whatever its newest round has come to.
    expect((await tasks.list('job-closed', 0))[0]).toMatchObject({ status: 'cancelled', round: 1 });
    const refused = { kind: 'conflict', code: 'JOB_NOT_OPEN' };
    await expect(jobs.hold('job-closed', aCommand('c3'))).rejects.toMatchObject(refused);
    await expect(jobs.resume('job-closed', aCommand('c3'))).rejects.toMatchObject(refused);
    await expect(tasks.reopen('job-closed.0.1', aCommand('c3'))).rejects.toMatchObject(refused);
    await expect(tasks.skip('job-closed.0.1', aCommand('c3'))).rejects.toMatchObject(refused);
    expect(await jobs.hold('job-closed', aCommand('c1'))).toMatchObject({ status: 'failed' });
    expect(await tasks.reopen('job-closed.0.0', aCommand('c2'))).toMatchObject({ status: 'cancelled' });
  });

  test('a cluster that a held job is open on is busy, and says what the job is held for', async () => {
    const { jobs } = stores();
    await prepare('busy-held');
    await jobs.hold('job-busy-held', aCommand('c1', { why: 'StartService of main 1 failed' }));
    await expect(
      jobs.open(aJob('cl-busy-held', 'second'), { from: ['pending'], status: 'creating' }),
    ).rejects.toMatchObject({
      code: 'CLUSTER_BUSY',
      message:
        'cluster cl-busy-held is busy: job job-busy-held (create) is held on it: StartService of main 1 failed',
    });
  });

  test('what is owed once counts as done where it was skipped on a node, and not where a cloud was to make it', async () => {
    const { jobs, tasks, clusters } = stores();
    await clusters.create(aCluster('cl-owed', 'rt-commands', 1));
    await jobs.open(aJob('cl-owed', 'owed', { runtimeId: 'rt-commands' }), {
      from: ['pending'],
      status: 'creating',
    });
    const directive = { service: 'init', command: 'init.sh', commandTimeoutSeconds: 60, idempotent: false };
    const init: PlannedTask = { ...aTask('cl-owed-n1'), action: 'InitService', directive };
    const layer = createLayer('all', [aTask('cl-owed-n1'), init, init, init]);
    await jobs.storePlan('job-owed', flattenPlan([layer]), 1);
    for (const index of [0, 1, 2]) await fail(`job-owed.0.${index}`);
    await tasks.skip('job-owed.0.0', aCommand('c0'));
    await tasks.skip('job-owed.0.1', aCommand('c1'));
    await tasks.reopen('job-owed.0.2', aCommand('c2'));
    await close('owed');
    const past = await tasks.listPast('cl-owed', ONCE_ACTIONS);
    expect(past.map(({ action, round, end }) => [action, round, end])).toEqual([
      ['RunInstances', 0, 'unseen'],
      ['InitService', 0, 'done'],
      // Its second round ended with the job: whether it ran, the node knows.
      ['InitService', 1, 'unseen'],
      ['InitService', 0, 'unbegun'],
    ]);
  });
}
