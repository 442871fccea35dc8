import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNodeShell, type NodeShell } from '../../../src/nodes/index.ts';
import type { ContainmentKind } from '../../../src/providers/local/index.ts';
import { createTestCloud, type LocalCloudKit } from './cloud-kit.ts';

const signal = new AbortController().signal;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Ways out of what knows a process by where it comes from; each runs $1, a `sleep` whose number is its name. */
const ESCAPES: readonly (readonly [string, string])[] = [
  ['a cleared environment', 'cd / && env -i PATH=/bin:/usr/bin setsid $1 &'],
  ['a double fork', 'cd / && env -i setsid /bin/sh -c "exec /bin/sh -c \\"( $1 & ) & \\"" &'],
  ['an environment of its own', 'cd / && env -i WINDLASS_INSTANCE=other PATH=/bin setsid $1 &'],
  ...(isRoot
    ? ([['another user', `cd / && setsid setpriv --reuid=${NOBODY} --clear-groups env -i $1 &`]] as const)
    : []),
];

/** The number is in no other process's arguments. */
function findSleepers(seconds: readonly number[]): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [program = '', number = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return program.endsWith('sleep') && seconds.includes(Number(number));
      } catch {
        return false;
      }
    })
    .map(Number);
}

function hasWritableCgroup(): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  return isRoot && /^\S+ \S+ cgroup2 rw/m.test(mounts);
}

const kinds: readonly { kind: ContainmentKind; isHere: boolean; needs: string }[] = [
  { kind: 'cgroup', isHere: hasWritableCgroup(), needs: 'a cgroup (version 2) that may be written' },
  { kind: 'init', isHere: existsSync('/usr/bin/perl'), needs: 'perl' },
];

describe.skipIf(process.platform !== 'linux').each(kinds)(
  'a machine in a $kind',
  ({ kind, isHere, needs }) => {
    let kit: LocalCloudKit;
    let shell: NodeShell;
    const base = 7_000_000 + (process.pid % 50_000) * 20 + (kind === 'cgroup' ? 0 : 10);
    const seconds = ESCAPES.map((_, index) => base + index);

    beforeAll(async () => {
      kit = await createTestCloud(kind);
      shell = createNodeShell();
    });
    afterAll(async () => {
      await shell.close();
      await kit.end();
      for (const pid of findSleepers(seconds)) process.kill(pid, 'SIGKILL');
    });

    async function escape(token: string): Promise<{ readonly id: string }> {
      const instance = await kit.runInstance(token);
      expect(instance.containment).toBe(kind);
      const commands = ESCAPES.map(([, command], index) =>
        command.replaceAll('$1', `/bin/sleep ${seconds[index] ?? 0}`),
      );
      await shell.run(
        kit.toTarget(instance),
        `( ${commands.join('\n')}\n ) > /dev/null 2>&1 < /dev/null`,
        signal,
      );
      await expect.poll(() => findSleepers(seconds).length, { timeout: 20_000 }).toBe(ESCAPES.length);
      return instance;
    }

    test('lets nothing outlive its end, whatever that gave up', async (context) => {
      if (!isHere) context.skip(`needs ${needs}`);
      const { id } = await escape('end');
      const listed = (await kit.cloud.listProcesses()).map(({ pid }) => pid);
      expect(listed).toEqual(expect.arrayContaining([...findSleepers(seconds)]));
      await kit.cloud.deleteInstance(id);
      expect(findSleepers(seconds)).toEqual([]);
      expect(await kit.cloud.listProcesses()).toEqual([]);
    }, 60_000);

    test('lets nothing outlive it that was left by a machine which was killed', async (context) => {
      if (!isHere) context.skip(`needs ${needs}`);
      const { id } = await escape('killed');
      const { pid } = await kit.waitForState(id, 'running');
      process.kill(pid ?? 0, 'SIGKILL');
      await kit.waitForState(id, 'stopped');
      await kit.cloud.stopInstance(id);
      expect(findSleepers(seconds)).toEqual([]);
      await kit.cloud.deleteInstance(id);
    }, 60_000);

    test('looks like any other to what runs in it', async (context) => {
      if (!isHere) context.skip(`needs ${needs}`);
      const instance = await kit.runInstance('looks');
      const target = kit.toTarget(instance);
      expect(await shell.run(target, 'id -u; umask; stat -c %a .', signal)).toBe(
        `${execFileSync('id', ['-u'], { encoding: 'utf8' })}0022\n755\n`,
      );
      expect(await shell.run(target, 'env', signal)).not.toContain('WINDLASS_INIT');
      await kit.cloud.deleteInstance(instance.id);
    }, 60_000);
  },
);
