import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceDirective } from '../../src/domain/index.ts';
import { createNodeShell, type NodeShell, type NodeTarget } from '../../src/nodes/index.ts';
import type { TaskContext } from '../../src/provider/index.ts';
import { createTestObserveCall } from '../kit/test-calls.ts';
import { createTestCloud, type LocalCloudKit } from '../providers/local/cloud-kit.ts';
import { context, createVmBench, type VmBench } from '../unit/vm/vm-bench.ts';

let kit: LocalCloudKit;
let target: NodeTarget;
let shell: NodeShell;
let bench: VmBench;

beforeAll(async () => {
  kit = await createTestCloud();
  target = kit.toTarget(await kit.runInstance('c/n/instance/g1'));
  shell = createNodeShell();
  bench = createVmBench(shell);
});
afterAll(async () => {
  await shell.close();
  await kit.end();
});

/** The task of a service in one of its rounds, on a node behind a real sshd. */
function startService(taskId: string, command: string, round: number): TaskContext {
  const directive: ServiceDirective = {
    service: 'start',
    command,
    commandTimeoutSeconds: 60,
    idempotent: false,
  };
  const { host, port, user, hostKey, root, privateKey } = target;
  const made = context('StartService', directive, {
    node: { privateIp: host, ssh: { port, user, hostKey, root } },
  });
  const access = made.access === null ? null : { ...made.access, clientPrivateKey: privateKey };
  return { ...made, access, task: { ...made.task, taskId, round } };
}

async function run(task: TaskContext): Promise<unknown> {
  const provider = bench.provider();
  await provider.handleSubtask(task, bench.effectCall());
  const look = (): Promise<unknown> =>
    provider.waitSubtask(task, createTestObserveCall()).catch((error: unknown) => error);
  await expect.poll(look, { timeout: 50_000 }).not.toMatchObject({ state: 'pending' });
  return look();
}

const readLog = (name: string): Promise<string> => readFile(join(target.root, name), 'utf8');

describe('on a real node, a service that failed', () => {
  // It fails until the test has created what it needs.
  const command = 'echo run >> service.log; test -e needed';

  it('runs again when its task is opened again, and does not find the old exit code', async () => {
    const failed = { code: 'SERVICE_FAILED', message: expect.stringContaining('exit code 1') as string };
    expect(await run(startService('j-1.0.0', command, 0))).toMatchObject(failed);
    // Any number of further attempts of the same round read what it came to.
    expect(await run(startService('j-1.0.0', command, 0))).toMatchObject(failed);
    expect(await readLog('service.log')).toBe('run\n');
    expect(await run(startService('j-1.0.0', command, 1))).toMatchObject(failed);
    expect(await readLog('service.log')).toBe('run\nrun\n');
    await shell.run(target, 'touch needed', new AbortController().signal);
    expect(await run(startService('j-1.0.0', command, 2))).toEqual({ state: 'done' });
    expect(await run(startService('j-1.0.0', command, 2))).toEqual({ state: 'done' });
    expect(await readLog('service.log')).toBe('run\nrun\nrun\n');
  });

  it('begins no round late that a later one has passed: a worker may have been frozen just before', async () => {
    const late = startService('j-2.0.0', 'echo round 0 >> late.log', 0);
    const next = startService('j-2.0.0', 'echo round 1 >> late.log', 1);
    expect(await run(next)).toEqual({ state: 'done' });
    await bench.provider().handleSubtask(late, bench.effectCall());
    expect(await run(next)).toEqual({ state: 'done' });
    expect(await readLog('late.log')).toBe('round 1\n');
  });
});
