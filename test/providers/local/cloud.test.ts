import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeShell, type NodeShell } from '../../../src/nodes/index.ts';
import { openLocalCloud, toInstanceId, toVolumeId } from '../../../src/providers/local/index.ts';
import { createTestCloud, type LocalCloudKit } from './cloud-kit.ts';

let kit: LocalCloudKit;
let shell: NodeShell;
const signal = new AbortController().signal;

beforeEach(async () => {
  kit = await createTestCloud();
  shell = createNodeShell();
});
afterEach(async () => {
  await shell.close();
  await kit.end();
});

const toVolumeSpec = (token: string, sizeGiB = 1) => ({
  id: toVolumeId(token),
  token,
  zone: 'local-1',
  sizeGiB,
  volumeClass: 0,
});

describe('an instance', () => {
  it('is one, with one address, when two make it at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, () => kit.cloud.makeInstance(kit.toSpec('t'), {})),
    );
    expect(new Set(made.map(({ address }) => address)).size).toBe(1);
    expect(await kit.cloud.listInstances()).toHaveLength(1);
    expect(await readdir(join(kit.cloud.folder, 'addresses'))).toEqual([made[0]?.address]);
    expect(await readdir(join(kit.cloud.folder, 'tmp'))).toEqual([]);
  });

  it('has one address when five find it half made at once', async () => {
    const { id, address } = await kit.cloud.makeInstance(kit.toSpec('t'), {});
    await rm(join(kit.cloud.folder, 'instances', id, 'address'));
    await rm(join(kit.cloud.folder, 'addresses', address));
    await Promise.all(Array.from({ length: 5 }, () => kit.cloud.makeInstance(kit.toSpec('t'), {})));
    const { address: chosen } = (await kit.cloud.getInstance(id)) ?? {};
    expect(await readdir(join(kit.cloud.folder, 'addresses'))).toEqual([chosen]);
  });

  it('has one machine when it is booted five times at once', async () => {
    const { id } = await kit.cloud.makeInstance(kit.toSpec('t'), {});
    await Promise.all(Array.from({ length: 5 }, () => kit.cloud.bootInstance(id)));
    const running = await kit.waitForState(id, 'running');
    await expect
      .poll(async () => (await kit.cloud.listProcesses()).map(({ pid }) => pid))
      .toEqual([running.pid]);
    expect(await kit.waitForState(id, 'running')).toEqual(running);
  });

  it('gets an address of its own among twenty made at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => kit.cloud.makeInstance(kit.toSpec(`t${index}`), {})),
    );
    expect(new Set(made.map(({ address }) => address)).size).toBe(20);
    await Promise.all(made.map(({ id }) => kit.cloud.deleteInstance(id)));
    expect(await kit.cloud.countAddresses()).toBe(0);
  });

  it('is completed when the one who made it died before the address', async () => {
    const first = await kit.cloud.makeInstance(kit.toSpec('t'), {});
    const folder = join(kit.cloud.folder, 'instances', first.id);
    await rm(join(folder, 'address')); // died between claim and link: the claim stays
    expect((await kit.cloud.findInstance('t'))?.address).toBe('');
    expect((await kit.cloud.makeInstance(kit.toSpec('t'), {})).address).toBe(first.address);
    await rm(join(folder, 'address'));
    await kit.cloud.deleteInstance(first.id);
    expect(await kit.cloud.countAddresses()).toBe(0);
  });

  it('is filled from its image', async () => {
    await mkdir(join(kit.cloud.folder, 'images/img-1/bin'), { recursive: true });
    await writeFile(join(kit.cloud.folder, 'images/img-1/bin/tool'), '#!/bin/sh\necho from-image\n', {
      mode: 0o755,
    });
    await symlink('tool', join(kit.cloud.folder, 'images/img-1/bin/alias'));
    const instance = await kit.runInstance('t', { image: 'img-1' });
    expect(await shell.run(kit.toTarget(instance), './bin/alias', signal)).toBe('from-image\n');
  });

  it('takes no image from outside the cloud', async () => {
    const instance = await kit.cloud.makeInstance(kit.toSpec('t', { image: '../../..' }), {});
    expect(await readdir(instance.root)).toEqual([]);
  });

  it('knows its address and boot, and nothing of the worker', async () => {
    process.env['WINDLASS_TEST_SECRET'] = 'worker-only';
    try {
      const instance = await kit.runInstance('t');
      const environment = await shell.run(kit.toTarget(instance), 'env', signal);
      expect(environment).toContain(`WINDLASS_ADDRESS=${instance.address}\n`);
      expect(environment).toMatch(/WINDLASS_BOOT_ID=[0-9a-f-]{36}\n/);
      expect(environment).not.toContain('worker-only');
      expect(environment).not.toContain('PRIVATE KEY');
    } finally {
      delete process.env['WINDLASS_TEST_SECRET'];
    }
  });

  it('answers only after its boot delay', async () => {
    const { id } = await kit.cloud.makeInstance(kit.toSpec('t', { bootDelayMs: 2_500 }), {});
    await kit.cloud.bootInstance(id);
    let sawMachine = false;
    for (;;) {
      const instance = await kit.cloud.getInstance(id);
      if (instance?.state === 'running') break;
      if (instance?.pid !== null && instance !== null && !sawMachine) {
        sawMachine = true;
        await expect(shell.ping(kit.toTarget(instance), signal)).rejects.toMatchObject({
          kind: 'unavailable',
        });
      }
      await sleep(20);
    }
    expect(sawMachine).toBe(true);
    await shell.ping(kit.toTarget(await kit.waitForState(id, 'running')), signal);
  });

  it('says so when another program has its address', async () => {
    const { id, address } = await kit.cloud.makeInstance(kit.toSpec('t'), {});
    const squatter = createServer().listen(2222, address);
    try {
      await kit.cloud.bootInstance(id);
      await expect.poll(async () => (await kit.cloud.getInstance(id))?.bootFailure).toContain(address);
    } finally {
      squatter.close();
    }
  });
});

describe('to pull the plug', () => {
  it('leaves no process, detached or not, whatever became of its environment', async () => {
    const instance = await kit.runInstance('t');
    const target = kit.toTarget(instance);
    await shell.run(
      target,
      [
        'setsid sh -c "sleep 301 & sleep 302" > /dev/null 2>&1 < /dev/null &',
        'nohup sleep 303 > /dev/null 2>&1 &',
        'env -i setsid sleep 304 > /dev/null 2>&1 < /dev/null &',
        'sleep 0.3',
      ].join('\n'),
      signal,
    );
    await shell.start(target, { key: 'k', command: 'sleep 305', env: {}, timeoutSeconds: 400 }, signal);
    const listOwn = (): readonly string[] =>
      listCommands(instance.root).filter((command) => command.startsWith('sleep 30'));
    await expect.poll(listOwn).toEqual(['sleep 301', 'sleep 302', 'sleep 303', 'sleep 304', 'sleep 305']);
    await kit.cloud.stopInstance(instance.id);
    expect(await kit.cloud.listProcesses()).toEqual([]);
    expect(listOwn()).toEqual([]);
    await expect(shell.ping(target, signal)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('touches no other instance, and no process that merely stands in the folder', async () => {
    const [one, two] = await Promise.all([kit.runInstance('one'), kit.runInstance('two')]);
    const bystander = spawn('sleep', ['300'], { cwd: one.root, stdio: 'ignore' });
    try {
      await kit.cloud.stopInstance(one.id);
      expect(isRunning(bystander.pid ?? 0)).toBe(true);
      expect((await kit.cloud.getInstance(two.id))?.state).toBe('running');
      expect((await kit.cloud.getInstance(one.id))?.state).toBe('stopped');
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('ends a machine that was only just asked to boot', async () => {
    const { id } = await kit.cloud.makeInstance(kit.toSpec('t'), {});
    await kit.cloud.bootInstance(id);
    await kit.cloud.stopInstance(id);
    await sleep(1_000);
    // One that was born late reads that it is not wanted, and ends.
    await expect.poll(() => kit.cloud.listProcesses()).toEqual([]);
    expect((await kit.cloud.getInstance(id))?.state).toBe('stopped');
  });

  it('keeps address and files for the next boot', async () => {
    const before = await kit.runInstance('t');
    await shell.run(kit.toTarget(before), 'echo kept > file', signal);
    await kit.cloud.stopInstance(before.id);
    await kit.cloud.bootInstance(before.id);
    const after = await kit.waitForState(before.id, 'running');
    expect(after.address).toBe(before.address);
    expect(after.pid).not.toBe(before.pid);
    expect(await shell.run(kit.toTarget(after), 'cat file', signal)).toBe('kept\n');
  });
});

describe('a machine that was killed from outside, as by a reboot of everything', () => {
  it('is a stopped instance, which another worker finds and boots under the same address', async () => {
    const before = await kit.runInstance('t');
    for (const { pid } of await kit.cloud.listProcesses()) process.kill(pid, 'SIGKILL');
    await kit.waitForState(before.id, 'stopped');
    const later = openLocalCloud(kit.cloud.folder);
    const [found] = await later.listInstances();
    expect(found).toMatchObject({ id: before.id, state: 'stopped', pid: null, address: before.address });
    await later.bootInstance(before.id);
    expect(await kit.waitForState(before.id, 'running')).toMatchObject({ address: before.address });
  });
});

describe('a volume', () => {
  it('is one when it is made five times at once, and one instance has it at most', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, () => kit.cloud.makeVolume(toVolumeSpec('v'), {})),
    );
    expect(await kit.cloud.listVolumes()).toHaveLength(1);
    const id = made[0]?.id ?? '';
    const ids = ['a', 'b', 'c'].map(toInstanceId);
    for (const token of ['a', 'b', 'c']) await kit.cloud.makeInstance(kit.toSpec(token), {});
    const outcomes = await Promise.allSettled(
      ids.map((owner) => kit.cloud.attachVolume(id, owner, '/dev/vdb')),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ kind: 'conflict', code: 'VOLUME_IN_USE' });
    }
    await expect(kit.cloud.deleteVolume(id)).rejects.toMatchObject({ code: 'VOLUME_IN_USE' });
  });

  it('keeps what was written to it, from one instance to the next', async () => {
    const { id } = await kit.cloud.makeVolume(toVolumeSpec('v'), {});
    for (const token of ['a', 'b']) await kit.cloud.makeInstance(kit.toSpec(token), {});
    const [a, b] = [toInstanceId('a'), toInstanceId('b')];
    await kit.cloud.attachVolume(id, a, '/dev/vdb');
    const root = (owner: string): string => join(kit.cloud.folder, 'instances', owner, 'root');
    await writeFile(join(root(a), 'dev/vdb/data'), 'precious');
    await kit.cloud.deleteInstance(a);
    expect((await kit.cloud.getVolume(id))?.attachment).toBeNull();
    await kit.cloud.attachVolume(id, b, '/dev/vdb');
    await kit.cloud.attachVolume(id, b, '/dev/vdb');
    expect(await readFile(join(root(b), 'dev/vdb/data'), 'utf8')).toBe('precious');
    await kit.cloud.detachVolume(id);
    await kit.cloud.detachVolume(id);
    await kit.cloud.deleteVolume(id);
    await kit.cloud.deleteVolume(id);
    expect(await kit.cloud.listVolumes()).toEqual([]);
    expect(await readdir(join(kit.cloud.folder, 'tmp'))).toEqual([]);
  });
});

describe('a limit', () => {
  it('holds when ten ask at once for the last three', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        kit.cloud.makeInstance(kit.toSpec(`t${index}`), { instances: 3 }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toMatchObject({ kind: 'quota', code: 'LOCAL_QUOTA', field: 'quotaInstances' });
      }
    }
    expect(await kit.cloud.listInstances()).toHaveLength(3);
    expect(await readdir(join(kit.cloud.folder, 'tmp'))).toEqual([]);
  });

  it('does not refuse what is there already', async () => {
    const quotas = { instances: 1, cpu: 1 };
    await Promise.all([
      kit.cloud.makeInstance(kit.toSpec('t'), quotas),
      kit.cloud.makeInstance(kit.toSpec('t'), quotas),
    ]);
    await expect(kit.cloud.makeInstance(kit.toSpec('t'), quotas)).resolves.toMatchObject({ token: 't' });
  });

  it('names all that is exceeded: asked and left', async () => {
    await kit.cloud.makeVolume(toVolumeSpec('v', 7), { volumeGiB: 10 });
    await expect(
      kit.cloud.makeVolume(toVolumeSpec('w', 5), { volumes: 1, volumeGiB: 10 }),
    ).rejects.toMatchObject({
      kind: 'quota',
      message:
        '1 volumes are requested, but 0 are left of 1 (1 in use); 5 GiB of volumes are requested, but 3 are left of 10 (7 in use)',
    });
  });

  it('is the number of addresses, too', async () => {
    const addressRange = '127.76.9.0/30';
    for (const token of ['a', 'b']) await kit.cloud.makeInstance(kit.toSpec(token, { addressRange }), {});
    await expect(kit.cloud.makeInstance(kit.toSpec('c', { addressRange }), {})).rejects.toMatchObject({
      kind: 'quota',
      code: 'ADDRESSES_USED_UP',
    });
  });
});

/** A zombie, which some init has not noticed yet, does not run. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** What runs in a folder, by the kernel's own account: not by the marks that the cloud goes by. */
function listCommands(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isRunning(Number(name)))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1).join(' ');
        return readlinkSync(`/proc/${pid}/cwd`) === folder ? [command] : [];
      } catch {
        return [];
      }
    })
    .sort();
}
