import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import {
  createNodeShell,
  type CommandState,
  type NodeShell,
  type NodeTarget,
} from '../../src/nodes/index.ts';
import { startFaultyConnection } from '../kit/faulty-connection.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const signal = new AbortController().signal;
const RUNS = '/var/lib/windlass/run';

// The runner where nodes are machines: lines break, machines reboot. test/nodes/runner.test.ts has the rest.
describe('a command on a machine', () => {
  let kit: TestMachines;
  let target: NodeTarget;

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
    target = await kit.boot({ instanceId: 'i-1', address: '127.104.0.1' });
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  const start = (
    key: string,
    command: string,
    options: { seconds?: number; shell?: NodeShell; over?: NodeTarget } = {},
  ): Promise<void> =>
    (options.shell ?? kit.shell).start(
      options.over ?? target,
      { key, command, env: {}, timeoutSeconds: options.seconds ?? 60 },
      signal,
    );
  const inspect = (key: string, secrets: readonly string[] = []): Promise<CommandState> =>
    kit.shell.inspect(target, key, secrets, signal);
  async function waitForEnd(key: string, secrets: readonly string[] = []): Promise<CommandState> {
    await expect.poll(async () => (await inspect(key)).state, { timeout: 50_000 }).not.toBe('running');
    return inspect(key, secrets);
  }
  const look = (command: string): Promise<string> => kit.machines.execute('i-1', command);

  it('runs once wherever its start is cut off, on the way there or back', { timeout: 240_000 }, async () => {
    const line = await startFaultyConnection(target);
    const shell = createNodeShell();
    try {
      // How much a whole start sends, over a connection of its own.
      await start('whole', 'true', { shell, over: line.target });
      const whole = { ...line.passed };
      let cuts = 0;
      let claimed = 0;
      for (const direction of ['toNode', 'fromNode'] as const) {
        for (const bytes of cutPoints(whole[direction])) {
          const key = `cut-${direction}-${bytes}`;
          line.cut();
          line.cutAfter({ [direction]: bytes });
          const command = `echo run >> /run/${key}; sleep 0.2; exit 3`;
          const failed = await start(key, command, { shell, over: line.target }).then(
            () => false,
            (error: unknown) => isUnavailable(error),
          );
          if (failed) cuts += 1;
          await sleep(100); // The node may still be at it.
          if (failed && (await look(`ls ${RUNS}`)).split('\n').includes(key)) claimed += 1;
          await start(key, command, { shell, over: line.target });
          expect(await waitForEnd(key), key).toEqual({ state: 'exited', exitCode: 3, output: '' });
          expect(await look(`cat /run/${key}`), key).toBe('run\n');
        }
      }
      // Cut before the claim, and between the claim and the answer.
      expect(claimed).toBeGreaterThan(0);
      expect(cuts).toBeGreaterThan(claimed + 3);
      expect(await look(`ls -A ${RUNS} | grep '^\\.' || true`)).toBe('');
    } finally {
      await shell.close();
      await line.close();
    }
  });

  it('continues when the connection is cut while it runs, and when the answer of its end is lost', async () => {
    const line = await startFaultyConnection(target);
    const shell = createNodeShell();
    try {
      const command =
        'i=0; while [ $i -lt 10 ]; do i=$((i + 1)); echo $i; done; while [ ! -e /run/go ]; do sleep 0.1; done';
      await start('long', command, { shell, over: line.target });
      line.cut();
      expect(await shell.inspect(line.target, 'long', [], signal)).toMatchObject({ state: 'running' });
      await look('touch /run/go');
      await waitForEnd('long');
      let lost = 0;
      for (let bytes = 20; bytes < 400; bytes += 20) {
        await shell.ping(line.target, signal);
        line.cutAfter({ fromNode: bytes });
        const answer = await shell.inspect(line.target, 'long', [], signal).catch(isUnavailable);
        if (answer === true) lost += 1;
        else
          expect(answer).toEqual({ state: 'exited', exitCode: 0, output: '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n' });
        line.cut();
      }
      expect(lost).toBeGreaterThan(0);
    } finally {
      await shell.close();
      await line.close();
    }
  });

  it('is unknown after a reboot in the middle, and does not start again', async () => {
    await start('rebooted', 'echo run >> /var/lib/rebooted; sleep 100');
    await expect.poll(() => look('cat /var/lib/rebooted || true')).toBe('run\n');
    await kit.machines.reboot('i-1');
    await kit.waitForSshd(target);
    expect(await inspect('rebooted')).toMatchObject({ state: 'unknown' });
    await start('rebooted', 'echo run >> /var/lib/rebooted');
    expect(await inspect('rebooted')).toMatchObject({ state: 'unknown' });
    expect(await look('cat /var/lib/rebooted')).toBe('run\n');
  });

  it('is not forgotten by a node that loses power at once', async () => {
    await kit.machines.createDisk('var', 1);
    await kit.machines.attachDisk('i-1', { diskId: 'var', device: '/dev/vdb' });
    await look('mkfs.ext4 -q /dev/vdb; mkdir -p /var/lib/windlass; mount /dev/vdb /var/lib/windlass; sync');
    await start('power', 'echo run > /var/lib/windlass/ran; sleep 100');
    await expect.poll(() => look('cat /var/lib/windlass/ran || true')).toBe('run\n');
    // Each leaves a trace: the check may come after the limit.
    const folder = join(kit.folder, 'disks');
    await copyFile(join(folder, 'var'), join(folder, 'copy'));
    await kit.machines.attachDisk('i-1', { diskId: 'copy', device: '/dev/vdc' });
    await look('mkdir -p /mnt/copy; mount /dev/vdc /mnt/copy');
    expect(await look('ls /mnt/copy/run/')).toBe('power\n');
    await look('umount /mnt/copy');
  });

  it('ends at its limit with everything it has started, also in sessions of their own', async () => {
    const others = 'setsid sleep 987651 > /dev/null 2>&1 < /dev/null & echo left';
    await start('left', others);
    expect(await waitForEnd('left')).toMatchObject({ state: 'exited', exitCode: 0 });
    const sleepers = async (): Promise<readonly string[]> =>
      (await look("ps -e -o args= | grep '^sleep 98765' | sort || true")).trim().split('\n');
    await expect.poll(sleepers).toEqual(['sleep 987651']);
    // Each records that it ran, because the poll may come after the limit.
    const daemon = `setsid sh -c 'trap "" TERM; echo >> /run/sleepers; sleep 987654' &`;
    const twice = `( ( setsid sh -c 'echo >> /run/sleepers; sleep 987653; :' & ) & )`;
    const child = `sh -c 'echo >> /run/sleepers; exec sleep 987652' &`;
    await start('limit', `${daemon} ${twice}; ${child} trap "" TERM; while :; do sleep 0.2; done`, {
      seconds: 3,
    });
    expect(await waitForEnd('limit')).toMatchObject({ state: 'timed-out' });
    expect(await look('wc -l < /run/sleepers')).toBe('3\n');
    // Another command's daemon is none of its business.
    expect(await sleepers()).toEqual(['sleep 987651']);
  });

  it('returns the end of 10,000 lines, its secrets masked, also where they cross what is read at once', async () => {
    const secret = 'correct-horse-battery-staple';
    await start(
      'lines',
      `i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); echo "line $i ${secret}"; done; printf %s ${secret.slice(0, 9)}; sleep 0.3; echo ${secret.slice(9)}`,
    );
    const end = await waitForEnd('lines', [secret]);
    if (end.state !== 'exited') throw new Error(end.state);
    expect(end.output.endsWith('line 10000 ******\n******\n')).toBe(true);
    expect(end.output).not.toContain('horse');
    expect(Number(await look(`cat ${RUNS}/lines/output.old ${RUNS}/lines/output | grep -c line`))).toBe(
      10_000,
    );
  });
});

/** A few in the handshake, many where the answer is. */
function cutPoints(whole: number): readonly number[] {
  const points: number[] = [];
  for (let bytes = 400; bytes < whole - 400; bytes += 800) points.push(bytes);
  for (let bytes = whole - 320; bytes < whole; bytes += 40) points.push(bytes);
  return points;
}

function isUnavailable(error: unknown): boolean {
  if (WindlassError.isInstance(error) && error.kind === 'unavailable') return true;
  throw error;
}
