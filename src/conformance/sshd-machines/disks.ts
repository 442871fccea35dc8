import { open, rm, stat, truncate, mkdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from './run-program.ts';

/** A disk while a machine has it: a loop device over its file. */
export interface LoopDevice {
  readonly diskId: string;
  readonly path: string;
  readonly major: number;
  readonly minor: number;
  /** The device goes away with the last who holds it: us, or what is mounted from it. */
  readonly handle: FileHandle;
}

/** Disks are sparse files in one folder; whatever is on them outlives machines. */
export interface Disks {
  /** Makes the disk, all zeros. A disk that exists is left as it is. */
  create(diskId: string, sizeBytes: number): Promise<void>;
  /** Makes it larger, also under a running machine, whose kernel sees it at once. */
  grow(diskId: string, sizeBytes: number): Promise<void>;
  delete(diskId: string): Promise<void>;
  sizeBytes(diskId: string): Promise<number>;
  connect(diskId: string): Promise<LoopDevice>;
  /** @throws Error when something still has it open after some seconds. */
  disconnect(device: LoopDevice): Promise<void>;
  /** Its path, for a test that reads its bytes. */
  pathOf(diskId: string): string;
}

const RELEASE_LIMIT_MS = 10_000;

export function createDisks(folder: string): Disks {
  const connected = new Map<string, LoopDevice>();
  const pathOf = (diskId: string): string => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(diskId)) throw new Error(`${diskId} cannot name a disk`);
    return join(folder, diskId);
  };
  return {
    pathOf,
    async create(diskId, sizeBytes) {
      await mkdir(folder, { recursive: true });
      let file: FileHandle;
      try {
        file = await open(pathOf(diskId), 'wx', 0o600);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
        throw error;
      }
      await file.truncate(sizeBytes);
      await file.close();
    },
    async grow(diskId, sizeBytes) {
      const path = pathOf(diskId);
      if (sizeBytes < (await stat(path)).size) throw new Error(`disk ${diskId} cannot shrink`);
      await truncate(path, sizeBytes);
      const device = connected.get(diskId);
      if (device !== undefined) await runProgram('losetup', ['--set-capacity', device.path]);
    },
    async delete(diskId) {
      if (connected.has(diskId)) throw new Error(`disk ${diskId} is attached`);
      await rm(pathOf(diskId), { force: true });
    },
    sizeBytes: async (diskId) => (await stat(pathOf(diskId))).size,
    async connect(diskId) {
      if (connected.has(diskId)) throw new Error(`disk ${diskId} is attached already`);
      const { stdout } = await runProgram('losetup', ['--find', '--show', pathOf(diskId)]);
      const path = stdout.trim();
      const handle = await open(path, 'r');
      // Requested while we hold it, this takes effect when no process holds it any more, also after a SIGKILL.
      await runProgram('losetup', ['--detach', path]);
      const { rdev } = await handle.stat();
      const device = { diskId, path, handle, ...toNumbers(rdev) };
      connected.set(diskId, device);
      return device;
    },
    async disconnect(device) {
      await device.handle.close();
      connected.delete(device.diskId);
      const until = Date.now() + RELEASE_LIMIT_MS;
      while (await isBacked(device.path, pathOf(device.diskId))) {
        if (Date.now() > until) throw new Error(`disk ${device.diskId} is still in use as ${device.path}`);
        await sleep(20);
      }
    },
  };
}

/** Linux's own layout of a device number. */
function toNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  return { major: (rdev >> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >> 12) & 0xfff00) };
}

async function isBacked(loopPath: string, file: string): Promise<boolean> {
  const name = loopPath.slice('/dev/'.length);
  try {
    return (await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8')).trim() === file;
  } catch {
    return false;
  }
}
