import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildMountScript,
  buildUnmountScript,
  type VolumeMount,
} from '../../../src/vm/node-tasks/mount-script.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-mount-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function mount(device: string, mountPoint: string): VolumeMount {
  return { device, mountPoint, filesystem: 'ext4', mountOptions: 'defaults,noatime' };
}

/** Runs a script as a node would. */
function run(script: string): { readonly code: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  return { code: status, stderr };
}

describe('a volume that is a folder', () => {
  let root: string;
  let disk: string;
  beforeEach(() => {
    root = join(folder, "node's root");
    disk = join(folder, 'volumes', 'vol-1');
    mkdirSync(join(root, 'dev'), { recursive: true });
    mkdirSync(disk, { recursive: true });
  });

  const mountAll = (...mounts: readonly VolumeMount[]): ReturnType<typeof run> =>
    run(buildMountScript({ root, mounts, format: true }));

  it('is linked at its mount point, once and again', () => {
    expect(mountAll(mount(disk, '/data/my app'))).toEqual({ code: 0, stderr: '' });
    writeFileSync(join(root, 'data/my app/written'), 'x');
    expect(mountAll(mount(disk, '/data/my app'))).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(join(disk, 'written'), 'utf8')).toBe('x');
  });

  it('is found under the name that the node has for it', () => {
    symlinkSync(disk, join(root, 'dev/vdb'));
    expect(mountAll(mount('/dev/vdb', '/data')).code).toBe(0);
    expect(readlinkSync(join(root, 'data'))).toBe(join(root, 'dev/vdb'));
  });

  it('follows when it is attached elsewhere the next time', () => {
    mountAll(mount(join(folder, 'volumes', 'old'), '/data'));
    symlinkSync(join(folder, 'gone'), join(root, 'data'));
    expect(mountAll(mount(disk, '/data')).code).toBe(0);
    expect(readlinkSync(join(root, 'data'))).toBe(disk);
  });

  it('hides what stood at the mount point, as a mount does', () => {
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'data/from-image'), 'kept');
    expect(mountAll(mount(disk, '/data')).code).toBe(0);
    expect(readFileSync(join(root, 'data.hidden/from-image'), 'utf8')).toBe('kept');
  });

  it('inside another is mounted after it, whatever their order', () => {
    const inner = join(folder, 'volumes', 'vol-2');
    mkdirSync(inner);
    expect(mountAll(mount(inner, '/data/log'), mount(disk, '/data')).code).toBe(0);
    expect(readlinkSync(join(disk, 'log'))).toBe(inner);
  });

  it('is taken out by unmount, which may run again and leaves the data', () => {
    mountAll(mount(disk, '/data'));
    writeFileSync(join(root, 'data/written'), 'x');
    const script = buildUnmountScript({ root, mountPoints: ['/data'] });
    expect(run(script)).toEqual({ code: 0, stderr: '' });
    expect(run(script)).toEqual({ code: 0, stderr: '' });
    expect(existsSync(join(root, 'data'))).toBe(false);
    expect(readFileSync(join(disk, 'written'), 'utf8')).toBe('x');
  });

  it('that is not there fails, and never falls back to a disk of the machine', () => {
    const result = mountAll(mount('/dev/null', '/data'));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('/dev/null is not a folder of this node');
  });

  it('cannot be mounted on a file', () => {
    writeFileSync(join(root, 'data'), '');
    expect(mountAll(mount(disk, '/data'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is a file'),
    });
  });

  it('takes no command from a name', () => {
    const mark = join(folder, 'mark');
    mountAll(mount(disk, `/a'; touch ${mark}; '`));
    expect(existsSync(mark)).toBe(false);
  });
});

const disks = canUseLoopDevices();

// A disk of its own in a mount namespace of its own, with an /etc of its own.
describe.skipIf(!disks)(
  `a volume that is a disk${disks ? '' : ' (skipped: needs root and loop devices)'}`,
  () => {
    let device: string;
    beforeEach(() => {
      const image = join(folder, 'disk');
      execFileSync('truncate', ['-s', '16M', image]);
      device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim();
      mkdirSync(join(folder, 'etc'));
      // Debian finds awk through it.
      if (existsSync('/etc/alternatives'))
        execFileSync('cp', ['-a', '/etc/alternatives', join(folder, 'etc')]);
      writeFileSync(join(folder, 'etc/fstab'), '/dev/root / ext4 defaults 0 1\n');
    });
    afterEach(() => {
      execFileSync('losetup', ['-d', device]);
    });

    const onDisk = (format: boolean, then: string): string =>
      `mount --bind '${folder}/etc' /etc; (${buildMountScript({
        root: '',
        mounts: [mount(device, `${folder}/da ta`)],
        format,
      })}) || exit $?; ${then}`;
    const runApart = (script: string): ReturnType<typeof run> => {
      const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
      return { code: status, stderr };
    };

    it('is formatted once, mounted, and kept by UUID in fstab', () => {
      expect(runApart(onDisk(true, `echo kept > '${folder}/da ta/file'`))).toMatchObject({ code: 0 });
      expect(runApart(onDisk(true, `cat '${folder}/da ta/file' > '${folder}/seen'`))).toMatchObject({
        code: 0,
      });
      expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('kept\n');
      const fstab = readFileSync(join(folder, 'etc/fstab'), 'utf8').split('\n');
      expect(fstab).toHaveLength(3);
      expect(fstab[1]).toMatch(/^UUID=\S+ \S+\/da\\040ta ext4 defaults,noatime,nofail 0 2$/);
    });

    it('is mounted once and unmounted, each as often as one likes', () => {
      const point = `${folder}/da ta`;
      const unmount = buildUnmountScript({ root: '', mountPoints: [point] });
      const again = buildMountScript({ root: '', mounts: [mount(device, point)], format: false });
      const count = `grep -c '040ta' /proc/mounts`;
      const script = onDisk(
        true,
        `(${again}) && [ "$(${count})" = 1 ] && (${unmount}) && (${unmount}) && ! ${count}`,
      );
      expect(runApart(script)).toMatchObject({ code: 0 });
    });

    it('that is blank fails where nothing may be formatted', () => {
      expect(runApart(onDisk(false, 'true'))).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('holds no filesystem'),
      });
    });

    it('that holds a partition table is left as it is', () => {
      execFileSync('sh', [
        '-c',
        `printf '\\125\\252' | dd of='${device}' bs=1 seek=510 conv=notrunc 2>/dev/null
      printf '\\200\\0\\0\\0\\203\\0\\0\\0\\1\\0\\0\\0\\0\\020\\0\\0' | dd of='${device}' bs=1 seek=446 conv=notrunc 2>/dev/null`,
      ]);
      expect(runApart(onDisk(true, 'true'))).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('something else than a filesystem'),
      });
    });
  },
);

function canUseLoopDevices(): boolean {
  if (process.getuid?.() !== 0) return false;
  const scratch = mkdtempSync(join(tmpdir(), 'windlass-loop-'));
  try {
    const { status } = spawnSync('sh', [
      '-c',
      `set -e; cd '${scratch}'; truncate -s 16M disk; loop=$(losetup -f --show disk)
       mkfs.ext4 -q "$loop" && unshare -m sh -c "mkdir m && mount -t ext4 $loop m" && ok=0 || ok=1; losetup -d "$loop"; exit $ok`,
    ]);
    return status === 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
