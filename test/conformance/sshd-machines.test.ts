import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import type { NodeTarget } from '../../src/nodes/index.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const signal = new AbortController().signal;

describe('a machine with an sshd', () => {
  let kit: TestMachines;
  let target: NodeTarget;

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
    target = await kit.boot({ instanceId: 'i-1', address: '127.101.0.1' });
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  const run = (command: string): Promise<string> => kit.shell.run(target, command, signal);
  const bootId = (): Promise<string> => run('cat /proc/sys/kernel/random/boot_id');

  it('is a machine of its own: processes, host name, files, boot id', async () => {
    expect(await run('hostname')).toBe('i-1\n');
    expect((await run('ps -e -o comm=')).split('\n')).not.toContain('node');
    expect(await run('cat /etc/fstab')).toBe('# no disk but the root disk\n');
    expect(await bootId()).not.toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
    const before = execFileSync('sh', ['-c', 'cat /etc/hostname; ls /etc /usr/local/bin /opt'], {
      encoding: 'utf8',
    });
    await run(
      'echo x > /etc/windlass-was-here; echo x > /usr/local/bin/windlass-x; mkdir -p /opt/windlass-x',
    );
    expect(
      execFileSync('sh', ['-c', 'cat /etc/hostname; ls /etc /usr/local/bin /opt'], { encoding: 'utf8' }),
    ).toBe(before);
  });

  it('shows the host key of its user-data and takes its authorized key alone', async () => {
    expect(await run('ls /etc/ssh')).not.toContain('rsa');
    const stranger = await createTestMachines();
    try {
      const privateKey = stranger.client.privateKey;
      await expect(kit.shell.ping({ ...target, privateKey }, signal)).rejects.toMatchObject({
        code: 'NODE_AUTH',
      });
      const hostKey = stranger.host.publicKey;
      await expect(kit.shell.ping({ ...target, hostKey }, signal)).rejects.toMatchObject({
        code: 'NODE_HOST_KEY',
      });
    } finally {
      await stranger.end();
    }
  });

  it('keeps its root disk over stop and start, and has another boot id then', async () => {
    const before = await bootId();
    await run('echo kept > /var/lib/kept; echo gone > /run/gone');
    expect(await kit.machines.stop('i-1')).toMatchObject({ state: 'stopped', boots: 1 });
    await expect(kit.shell.ping(target, signal)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    expect(await kit.machines.start('i-1')).toMatchObject({ state: 'running', boots: 2 });
    await kit.waitForSshd(target);
    expect(await run('cat /var/lib/kept; ls /run/gone 2>/dev/null || echo no')).toBe('kept\nno\n');
    expect(await bootId()).not.toBe(before);
  });

  it('comes back at another address when it is started there', async () => {
    await kit.machines.stop('i-1');
    const moved = await kit.machines.start('i-1', { address: '127.101.0.2' });
    await kit.waitForSshd(kit.toTarget(moved));
    await expect(kit.shell.ping(target, signal)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    await kit.machines.stop('i-1');
    await kit.machines.start('i-1', { address: '127.101.0.1' });
    await kit.waitForSshd(target);
  });

  it('loses every process when its plug is pulled, also those of a session of their own', async () => {
    await run('setsid sleep 7654321 > /dev/null 2>&1 < /dev/null &');
    await expect.poll(() => countProcesses('sleep 7654321'), { timeout: 20_000 }).toBe(1);
    expect(await kit.machines.crash('i-1')).toMatchObject({ state: 'stopped' });
    expect(countProcesses('sleep 7654321')).toBe(0);
    await kit.machines.start('i-1');
    await kit.waitForSshd(target);
  });

  it('lets its processes end well when it is stopped', async () => {
    await run(
      `nohup sh -c 'trap "echo ended > /var/lib/ended; exit" TERM; : > /run/ready; while :; do sleep 0.1; done' > /dev/null 2>&1 < /dev/null &`,
    );
    await run('while [ ! -e /run/ready ]; do sleep 0.05; done');
    await kit.machines.stop('i-1');
    await kit.machines.start('i-1');
    await kit.waitForSshd(target);
    expect(await run('cat /var/lib/ended')).toBe('ended\n');
  });

  it('comes back by itself when it is rebooted from inside', async () => {
    const before = await bootId();
    const boots = kit.machines.list()[0]?.boots ?? 0;
    await run('nohup sh -c "sleep 0.1; reboot" > /dev/null 2>&1 < /dev/null &');
    await expect.poll(() => kit.machines.list()[0]?.boots, { timeout: 20_000 }).toBe(boots + 1);
    await kit.waitForSshd(target);
    expect(await bootId()).not.toBe(before);
  });

  it('makes the user of its user-data, who may do everything through sudo', async () => {
    const other = await kit.boot({ instanceId: 'i-user', address: '127.101.0.3', user: 'windlass' });
    expect(await kit.shell.run(other, 'echo "$SUDO_USER"; id -un', signal)).toBe('windlass\nroot\n');
    await expect(kit.shell.ping({ ...other, user: 'root' }, signal)).rejects.toMatchObject({
      code: 'NODE_AUTH',
    });
    await kit.machines.terminate('i-user');
    expect(kit.machines.list().map(({ instanceId }) => instanceId)).toEqual(['i-1']);
  });

  it('boots on ::1', async () => {
    const other = await kit.boot({ instanceId: 'i-six', address: '::1' });
    expect(await kit.shell.run(other, 'hostname', signal)).toBe('i-six\n');
    await kit.machines.terminate('i-six');
  });

  it('boots without readable user-data too, and cannot be reached', async () => {
    const machine = await kit.machines.boot({ instanceId: 'i-lost', address: '127.101.0.4', userData: '' });
    await expect
      .poll(() => kit.shell.ping(kit.toTarget(machine), signal).catch((error: unknown) => error), {
        timeout: 20_000,
      })
      .toMatchObject({ code: 'NODE_HOST_KEY' });
    await kit.machines.terminate('i-lost');
  });

  it('shows an attached disk under its names, keeps what is on it, and gives it up unmounted only', async () => {
    await kit.machines.createDisk('vol-1', 1);
    const links = ['/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol1'];
    await kit.machines.attachDisk('i-1', { diskId: 'vol-1', device: '/dev/nvme1n1', links });
    expect(await run('readlink -f /dev/disk/by-id/*; blockdev --getsize64 /dev/nvme1n1')).toBe(
      '/dev/nvme1n1\n1073741824\n',
    );
    await run(
      'mkfs.ext4 -q /dev/nvme1n1; mkdir /data; mount /dev/nvme1n1 /data; echo kept > /data/file; ' +
        'echo "UUID=$(blkid -s UUID -o value /dev/nvme1n1) /data ext4 defaults,nofail 0 2" >> /etc/fstab',
    );
    await expect(kit.machines.detachDisk('i-1', 'vol-1')).rejects.toThrow('is mounted');
    await kit.machines.reboot('i-1');
    await kit.waitForSshd(target);
    // Mounted by fstab, as a machine does when it boots.
    expect(await run('cat /data/file')).toBe('kept\n');
    await kit.machines.crash('i-1');
    await kit.machines.detachDisk('i-1', 'vol-1');
    await kit.machines.start('i-1');
    await kit.waitForSshd(target);
    expect(await run('ls /data /dev/nvme1n1 2>&1 || true')).toContain('No such file');
    await kit.machines.growDisk('vol-1', 2);
    await kit.machines.attachDisk('i-1', { diskId: 'vol-1', device: '/dev/nvme2n1', links });
    expect(await run('blockdev --getsize64 /dev/nvme2n1; mount /data; cat /data/file; umount /data')).toBe(
      '2147483648\nkept\n',
    );
    await expect(kit.machines.deleteDisk('vol-1')).rejects.toThrow('attached');
    await kit.machines.detachDisk('i-1', 'vol-1');
    await kit.machines.deleteDisk('vol-1');
    expect(await kit.machines.listDisks()).toEqual([]);
    expect(execFileSync('losetup', ['--list'], { encoding: 'utf8' })).not.toContain('vol-1');
  });
});

function countProcesses(commandLine: string): number {
  const lines = execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line === commandLine).length;
}
