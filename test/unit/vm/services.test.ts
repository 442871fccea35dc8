import { beforeEach, describe, expect, it } from 'vitest';
import { WindlassError, type MountDirective, type ServiceDirective } from '../../../src/domain/index.ts';
import { createTestObserveCall } from '../../kit/test-calls.ts';
import { context, createVmBench, HOST_KEY, TOKEN, type VmBench } from './vm-bench.ts';

const startService: ServiceDirective = {
  service: 'start',
  command: '/opt/app/start.sh',
  commandTimeoutSeconds: 30,
  idempotent: false,
};

let bench: VmBench;

beforeEach(() => {
  bench = createVmBench();
});

describe('services', () => {
  it('are started once under the task’s key, with nothing but the root in their environment', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const result = await bench
        .provider()
        .handleSubtask(context('StartService', startService), bench.effectCall());
      expect(result).toEqual({ state: 'started' });
    }
    expect(bench.shell.started).toEqual([
      { key: 'job-1.3.0.g1', command: '/opt/app/start.sh', timeoutSeconds: 30, env: { WINDLASS_ROOT: '' } },
    ]);
    expect(bench.shell.targets[0]).toEqual({
      host: '10.0.0.1',
      port: 2222,
      user: 'root',
      hostKey: HOST_KEY,
      privateKey: 'client',
      root: '',
    });
  });

  it('start nothing when the lease of the instance is lost', async () => {
    const lost = bench.effectCall({
      assertHeld: async () => {
        throw new WindlassError('conflict', 'lost', { code: 'LEASE_LOST' });
      },
    });
    await expect(
      bench.provider().handleSubtask(context('StartService', startService), lost),
    ).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    expect(bench.shell.started).toEqual([]);
  });

  it('name their token before and after the effect', async () => {
    await bench.provider().handleSubtask(context('StartService', startService), bench.effectCall());
    expect(bench.effects).toEqual([`before ${TOKEN}`, `after ${TOKEN}`]);
  });

  const look = (directive: ServiceDirective = startService): Promise<unknown> =>
    bench.provider().waitSubtask(context('StartService', directive), createTestObserveCall());

  it('say how long they run and what they said last', async () => {
    await bench.provider().handleSubtask(context('StartService', startService), bench.effectCall());
    await expect(look()).resolves.toEqual({
      state: 'pending',
      seen: 'start service runs for 12 s: waiting for a leader',
    });
    expect(new Set(bench.shell.maskedWith)).toEqual(new Set(['hunter2']));
  });

  it('that end with 0 are done', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 0, output: '' });
    await expect(look()).resolves.toEqual({ state: 'done' });
  });

  it('that end otherwise fail with their exit code, node and last output', async () => {
    bench.shell.states.set('job-1.3.0.g1', {
      state: 'exited',
      exitCode: 7,
      output: 'one\n\nno space left\n',
    });
    await expect(look()).rejects.toMatchObject({
      kind: 'conflict',
      code: 'SERVICE_FAILED',
      message:
        'start service on node 1 (cln-node-1) ended with exit code 7; its last output:\none\nno space left',
    });
  });

  it('that reach their timeout fail with it', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'timed-out', output: 'still waiting\n' });
    await expect(look()).rejects.toMatchObject({
      kind: 'timeout',
      code: 'SERVICE_TIMEOUT',
      message: expect.stringMatching(/timeout of 30 s[^]*still waiting/),
    });
  });

  it('whose outcome is unknown are not run again by themselves', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'unknown', output: 'half\n' });
    await expect(look()).rejects.toMatchObject({ kind: 'conflict', code: 'COMMAND_OUTCOME_UNKNOWN' });
    expect(bench.shell.started).toEqual([]);
  });

  it('that are idempotent are started again, once, under a new key, by any number of looks', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'unknown', output: '' });
    const idempotent = { ...startService, idempotent: true };
    await expect(look(idempotent)).resolves.toMatchObject({ state: 'pending' });
    await expect(look(idempotent)).resolves.toMatchObject({ state: 'pending' });
    expect(bench.shell.started.map((command) => command.key)).toEqual(['job-1.3.0.g2']);
    bench.shell.states.set('job-1.3.0.g2', { state: 'exited', exitCode: 0, output: '' });
    await expect(look(idempotent)).resolves.toEqual({ state: 'done' });
  });

  it('that are idempotent are not started for ever', async () => {
    for (let generation = 1; generation <= 9; generation += 1) {
      bench.shell.states.set(`job-1.3.0.g${generation}`, { state: 'unknown', output: '' });
    }
    await expect(look({ ...startService, idempotent: true })).rejects.toMatchObject({
      code: 'COMMAND_OUTCOME_UNKNOWN',
      message: expect.stringContaining('started 5 times'),
    });
    expect(bench.shell.started).toHaveLength(4);
  });

  it('on a node that never had an address fail at once', async () => {
    const call = bench
      .provider()
      .handleSubtask(context('StartService', startService, { node: { privateIp: '' } }), bench.effectCall());
    await expect(call).rejects.toMatchObject({ kind: 'conflict', code: 'NODE_WITHOUT_ADDRESS' });
  });
});

describe('a service that earlier jobs have begun', () => {
  const init: ServiceDirective = {
    ...startService,
    service: 'init',
    command: '/opt/app/init.sh',
    earlier: [
      { taskId: 'job-0.7.0', round: 0 },
      { taskId: 'job-00.4.0', round: 0 },
    ],
  };
  const keys = (): readonly string[] => bench.shell.started.map(({ key }) => key);
  const begin = (directive: ServiceDirective = init): Promise<unknown> =>
    bench.provider().handleSubtask(context('InitService', directive), bench.effectCall());
  const look = (directive: ServiceDirective = init): Promise<unknown> =>
    bench.provider().waitSubtask(context('InitService', directive), createTestObserveCall());
  const exited = (exitCode: number) => ({ state: 'exited', exitCode, output: 'said\n' }) as const;

  it('takes their claims before anything else, so that none of them begins late', async () => {
    await begin();
    await begin();
    expect(keys()).toEqual(['job-0.7.0.g1', 'job-00.4.0.g1']);
    expect(bench.shell.started.map(({ command }) => command)).toEqual(['exit 1', 'exit 1']);
  });

  it('waits for one that still runs', async () => {
    bench.shell.states.set('job-0.7.0.g1', { state: 'running', seconds: 40, lastOutput: 'half\n' });
    await begin();
    await expect(look()).resolves.toEqual({ state: 'pending', seen: 'init service runs for 40 s: half' });
    expect(keys()).not.toContain('job-1.3.0.g1');
  });

  it('is done where one of them succeeded, and does not run again', async () => {
    bench.shell.states.set('job-0.7.0.g1', exited(7));
    bench.shell.states.set('job-00.4.0.g1', exited(0));
    await begin();
    await expect(look()).resolves.toEqual({ state: 'done' });
    expect(keys()).not.toContain('job-1.3.0.g1');
  });

  it('runs, once, when all of them have failed', async () => {
    bench.shell.states.set('job-0.7.0.g1', exited(7));
    bench.shell.states.set('job-00.4.0.g1', { state: 'timed-out', output: '' });
    await begin();
    await expect(look()).resolves.toMatchObject({ state: 'pending' });
    await expect(look()).resolves.toMatchObject({ state: 'pending' });
    expect(keys().filter((key) => key.startsWith('job-1.'))).toEqual(['job-1.3.0.g1']);
    bench.shell.states.set('job-1.3.0.g1', exited(0));
    await expect(look()).resolves.toEqual({ state: 'done' });
  });

  it('does not run where the end of one of them is unknown', async () => {
    bench.shell.states.set('job-0.7.0.g1', { state: 'unknown', output: '' });
    await begin();
    await expect(look()).rejects.toMatchObject({ code: 'COMMAND_OUTCOME_UNKNOWN' });
    expect(keys()).not.toContain('job-1.3.0.g1');
  });

  it('does not run on a node that has lost its memory of them', async () => {
    await expect(look()).rejects.toMatchObject({ code: 'COMMAND_OUTCOME_UNKNOWN' });
  });

  it('counts the newest try of one that may run twice', async () => {
    const idempotent = { ...init, idempotent: true, earlier: [{ taskId: 'job-0.7.0', round: 0 }] };
    bench.shell.states.set('job-0.7.0.g1', { state: 'unknown', output: '' });
    bench.shell.states.set('job-0.7.0.g2', { state: 'running', seconds: 3, lastOutput: '' });
    await begin(idempotent);
    await expect(look(idempotent)).resolves.toMatchObject({ seen: 'init service runs for 3 s' });
    bench.shell.states.set('job-0.7.0.g2', { state: 'unknown', output: '' });
    await look(idempotent);
    expect(keys()).toContain('job-1.3.0.g1');
  });

  it('looks at every round of a task that was opened again; an outcome that was seen and retried stops nothing', async () => {
    const reopened = { ...init, earlier: [{ taskId: 'job-0.7.0', round: 2 }] };
    bench.shell.states.set('job-0.7.0.g1', { state: 'unknown', output: '' });
    bench.shell.states.set('job-0.7.0.r1.g1', { state: 'running', seconds: 9, lastOutput: '' });
    bench.shell.states.set('job-0.7.0.r2.g1', exited(1));
    await begin(reopened);
    expect(keys()).toEqual(['job-0.7.0.g1', 'job-0.7.0.r1.g1', 'job-0.7.0.r2.g1']);
    await expect(look(reopened)).resolves.toMatchObject({ seen: 'init service runs for 9 s' });
    bench.shell.states.set('job-0.7.0.r1.g1', exited(1));
    await look(reopened);
    expect(keys()).toContain('job-1.3.0.g1');
    // The end of the last round is unknown, and that counts.
    bench.shell.states.set('job-0.7.0.r2.g1', { state: 'unknown', output: '' });
    await expect(look(reopened)).rejects.toMatchObject({ code: 'COMMAND_OUTCOME_UNKNOWN' });
  });

  it('mounts again what an earlier job has mounted: the machine may have been down since', async () => {
    const mount: MountDirective = { volumes: [], format: true, earlier: [{ taskId: 'job-0.2.0', round: 0 }] };
    bench.shell.states.set('job-0.2.0.g1', exited(0));
    await bench.provider().waitSubtask(context('FormatAndMountVolumes', mount), createTestObserveCall());
    expect(keys()).toContain('job-1.3.0.g1');
  });
});

describe('a service whose task was opened again', () => {
  const reopened = (action: 'StartService' | 'FormatAndMountVolumes', directive: object, round: number) => {
    const made = context(action, directive);
    return { ...made, task: { ...made.task, round } };
  };
  const keys = (): readonly string[] => bench.shell.started.map(({ key }) => key);
  const begin = (round: number): Promise<unknown> =>
    bench.provider().handleSubtask(reopened('StartService', startService, round), bench.effectCall());
  const look = (round: number): Promise<unknown> =>
    bench.provider().waitSubtask(reopened('StartService', startService, round), createTestObserveCall());
  const failed = { state: 'exited', exitCode: 1, output: '' } as const;

  it('runs again under a key of its round, once, and its own exit code counts', async () => {
    bench.shell.states.set('job-1.3.0.g1', failed);
    await begin(1);
    await expect(look(1)).resolves.toMatchObject({ state: 'pending' });
    await look(1);
    expect(keys()).toEqual(['job-1.3.0.g1', 'job-1.3.0.r1.g1']);
    bench.shell.states.set('job-1.3.0.r1.g1', failed);
    await expect(look(1)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    await begin(2);
    await look(2);
    bench.shell.states.set('job-1.3.0.r2.g1', { ...failed, exitCode: 0 });
    await expect(look(2)).resolves.toEqual({ state: 'done' });
    expect(bench.shell.started.filter(({ command }) => command === startService.command)).toMatchObject([
      { key: 'job-1.3.0.r1.g1' },
      { key: 'job-1.3.0.r2.g1' },
    ]);
  });

  it('runs again after an unknown outcome, because a person has decided it', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'unknown', output: '' });
    await begin(1);
    await look(1);
    expect(keys()).toContain('job-1.3.0.r1.g1');
  });

  it('takes the claim of a round that never reached the node, so that it cannot begin late', async () => {
    await begin(1);
    expect(bench.shell.started).toMatchObject([{ key: 'job-1.3.0.g1', command: 'exit 1' }]);
  });

  it('waits for a command of an earlier round that still runs, and takes its success', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'running', seconds: 4, lastOutput: '' });
    await begin(1);
    await expect(look(1)).resolves.toMatchObject({ state: 'pending' });
    bench.shell.states.set('job-1.3.0.g1', { ...failed, exitCode: 0 });
    await expect(look(1)).resolves.toEqual({ state: 'done' });
    expect(keys()).not.toContain('job-1.3.0.r1.g1');
  });
});
