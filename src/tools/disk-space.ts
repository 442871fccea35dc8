import { mkdirSync, statfsSync } from 'node:fs';
import { WindlassError } from '../domain/index.ts';

/**
 * @throws quota `DISK_FULL` when the file system of `folder` (made when absent) has less room than that;
 *   permission `FOLDER_NOT_WRITABLE` when it cannot be made
 */
export function requireDiskSpace(folder: string, neededMiB: number): void {
  let freeMiB: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = statfsSync(folder);
    freeMiB = Math.floor((bavail * bsize) / 1024 ** 2);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOSPC') throw diskFull(folder, 0, neededMiB);
    throw new WindlassError('permission', `the folder ${folder} cannot be made or read (${code})`, {
      code: 'FOLDER_NOT_WRITABLE',
      hint: 'set WINDLASS_HOME and WINDLASS_CACHE to folders of yours',
      cause: error,
    });
  }
  if (freeMiB < neededMiB) throw diskFull(folder, freeMiB, neededMiB);
}

function diskFull(folder: string, freeMiB: number, neededMiB: number): WindlassError {
  return new WindlassError(
    'quota',
    `the disk of ${folder} has ${freeMiB} MiB free, ${neededMiB} MiB are needed`,
    {
      code: 'DISK_FULL',
      hint: 'free some space, or point WINDLASS_HOME and WINDLASS_CACHE to another disk',
    },
  );
}
