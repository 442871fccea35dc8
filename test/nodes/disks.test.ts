import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import type { NodeTarget } from '../../src/nodes/index.ts';
import { buildGrowScript } from '../../src/vm/node-tasks/grow-script.ts';
import {
  buildMountScript,
  buildUnmountScript,
  type VolumeMount,
} from '../../src/vm/node-tasks/mount-script.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const signal = new AbortController().signal;

// Real disks: loop devices over files, in machines with mounts of their own.
describe('the volumes of a node', () => {
  let kit: TestMachines;
  let target: NodeTarget;

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
    target = await kit.boot({ instanceId: 'i-1', address: '127.103.0.1' });
    for (const name of ['a', 'b']) await kit.machines.createDisk(`vol-${name}`, 1);
    await attach('vol-a', '/dev/nvme1n1');
    await attach('vol-b', '/dev/nvme2n1');
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  const nameOf = (diskId: string): string =>
    `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${diskId.replace('-', '')}`;
  const attach = (diskId: string, device: string) =>
    kit.machines.attachDisk('i-1', { diskId, device, links: [nameOf(diskId)] });
  const run = (command: string): Promise<string> => kit.shell.run(target, command, signal);
  const ext4: VolumeMount = {
    device: nameOf('vol-a'),
    mountPoint: '/data/my app',
    filesystem: 'ext4',
    mountOptions: 'defaults,noatime',
  };
  const xfs: VolumeMount = {
    device: nameOf('vol-b'),
    mountPoint: '/data',
    filesystem: 'xfs',
    mountOptions: 'defaults,noatime,nodiratime',
  };
  const mountAll = (format: boolean, mounts: readonly VolumeMount[] = [ext4, xfs]): Promise<string> =>
    run(buildMountScript({ root: '', mounts, format }));
  const growAll = (sizeGiB: number, mounts: readonly VolumeMount[]): Promise<string> =>
    run(buildGrowScript({ root: '', volumes: mounts.map((mount) => ({ ...mount, sizeGiB })) }));
  const unmountAll = (): Promise<string> =>
    run(buildUnmountScript({ root: '', mountPoints: [ext4.mountPoint, xfs.mountPoint] }));
  const readMounts = async (): Promise<readonly string[]> =>
    (await run("awk '$2 ~ /^.data/ { print $2, $3, $4 }' /proc/mounts")).trim().split('\n');
  const uuidOf = async (diskId: string): Promise<string> =>
    (await run(`blkid -c /dev/null -s UUID -o value ${nameOf(diskId)}`)).trim();
  const reboot = async (change: () => Promise<void> = async () => {}): Promise<void> => {
    await kit.machines.stop('i-1');
    await change();
    await kit.machines.start('i-1');
    await kit.waitForSshd(target);
  };

  it('are not created again where they must hold something', async () => {
    await expect(mountAll(false)).rejects.toThrow('holds no filesystem');
    expect(await run(`blkid -c /dev/null ${ext4.device} ${xfs.device} || echo blank`)).toBe('blank\n');
  });

  it('are formatted, mounted with their options, and named in fstab by UUID; a second time nothing happens', async () => {
    await mountAll(true);
    await run('echo kept > "/data/my app/file"; echo kept > /data/file');
    const fstab = await run('cat /etc/fstab');
    const uuids = [await uuidOf('vol-a'), await uuidOf('vol-b')];
    await mountAll(true);
    expect([await uuidOf('vol-a'), await uuidOf('vol-b')]).toEqual(uuids);
    expect(await run('cat "/data/my app/file" /data/file')).toBe('kept\nkept\n');
    expect(await run('cat /etc/fstab')).toBe(fstab);
    expect(fstab.trim().split('\n').slice(1)).toEqual([
      `UUID=${uuids[1]} /data xfs defaults,noatime,nodiratime,nofail 0 2`,
      `UUID=${uuids[0]} /data/my\\040app ext4 defaults,noatime,nofail 0 2`,
    ]);
    const [outer, inner] = await readMounts();
    expect(outer).toMatch(/^\/data xfs rw,noatime/);
    expect(inner).toMatch(/^\/data\/my\\040app ext4 rw,noatime/);
  });

  it('come back after a reboot, also when the node gives them other names', async () => {
    await reboot();
    expect(await run('cat "/data/my app/file" /data/file')).toBe('kept\nkept\n');
    await reboot(async () => {
      for (const diskId of ['vol-a', 'vol-b']) await kit.machines.detachDisk('i-1', diskId);
      await attach('vol-a', '/dev/nvme2n1');
      await attach('vol-b', '/dev/nvme1n1');
    });
    const before = await readMounts();
    expect(before.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '/data xfs',
      '/data/my\\040app ext4',
    ]);
    await mountAll(false);
    expect(await readMounts()).toEqual(before);
    expect(await run('cat "/data/my app/file" /data/file')).toBe('kept\nkept\n');
  });

  it('do not keep a node from booting when one is missing', async () => {
    await reboot(async () => {
      await kit.machines.detachDisk('i-1', 'vol-a');
    });
    expect(await run('cat /data/file')).toBe('kept\n');
    await attach('vol-a', '/dev/nvme3n1');
    await mountAll(false);
    expect(await run('cat "/data/my app/file"')).toBe('kept\n');
  });

  it('grow under what uses them: xfs', async () => {
    await run(
      'nohup sh -c "echo \\$\\$ > /run/holder; exec 3> /data/open; exec sleep 1000" > /dev/null 2>&1 < /dev/null &',
    );
    await kit.machines.growDisk('vol-b', 2);
    const sizes = (): Promise<string> => run('stat -f -c "%b %S" /data');
    const before = await sizes();
    await growAll(2, [xfs]);
    expect(bytes(await sizes())).toBeGreaterThan(bytes(before) * 1.8);
    const grown = await sizes();
    await growAll(2, [xfs]);
    expect(await sizes()).toBe(grown);
    expect(await run('cat /data/file')).toBe('kept\n');
  });

  it('grow under what uses them: ext4', async (context) => {
    if (!mayGrowExt4()) context.skip('no capability to grow a mounted ext4 here');
    await kit.machines.growDisk('vol-a', 2);
    await growAll(2, [ext4]);
    expect(bytes(await run('stat -f -c "%b %S" "/data/my app"'))).toBeGreaterThan(1.8 * 1_024 ** 3);
    expect(await run('cat "/data/my app/file"')).toBe('kept\n');
  });

  it('grow and are mounted when they are not: ext4', async () => {
    await run(buildUnmountScript({ root: '', mountPoints: [ext4.mountPoint] }));
    await kit.machines.growDisk('vol-a', 3);
    await growAll(3, [ext4]);
    expect(bytes(await run('stat -f -c "%b %S" "/data/my app"'))).toBeGreaterThan(2.8 * 1_024 ** 3);
    expect(await run('cat "/data/my app/file"')).toBe('kept\n');
  });

  it('say when the node does not see the size that the cloud has reported', async () => {
    const command = buildGrowScript({ root: '', volumes: [{ ...xfs, sizeGiB: 9 }] });
    // The node would be given half a minute.
    await expect(run(command.replaceAll('-le 30', '-le 1'))).rejects.toThrow('should have 9 GiB');
  });

  it('are unmounted, also one that is used for a little longer, and not one that stays in use', async () => {
    await expect(unmountAll().then(() => 'unmounted')).rejects.toThrow('/data is still in use');
    await run('kill "$(cat /run/holder)"');
    await mountAll(false);
    await run('nohup sh -c "exec 3> /data/open; sleep 2" > /dev/null 2>&1 < /dev/null &');
    await unmountAll();
    expect(await readMounts()).toEqual(['']);
    await unmountAll();
    for (const diskId of ['vol-a', 'vol-b']) await kit.machines.detachDisk('i-1', diskId);
  });
});

/** Of what stat says in blocks. */
function bytes(stat: string): number {
  const [blocks = 0, size = 0] = stat.trim().split(' ').map(Number);
  return blocks * size;
}

/** Linux wants CAP_SYS_RESOURCE for it, which root in a sandbox may lack. */
function mayGrowExt4(): boolean {
  const [, effective = '0'] =
    /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n;
}
