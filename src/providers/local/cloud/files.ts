import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WindlassError } from '../../../domain/index.ts';

/** Whether an error of the operating system has one of these codes. */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
  );
}

/** A reader always gets a whole document, old or new. */
export async function writeJson(path: string, value: unknown, mode = 0o644): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Null if there is no such file. We wrote the content ourselves, only with `writeJson`. */
export async function readJson<Value>(path: string): Promise<Value | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Value;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/**
 * Creates a folder and its parents. Node's own recursive mkdir never returns below /proc, where nothing
 * can be created, and a user may name any folder.
 */
export async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return;
    const parent = dirname(folder);
    if (!hasErrno(error, 'ENOENT') || parent === folder) throw error;
    await ensureFolder(parent);
    await mkdir(folder).catch((again: unknown) => {
      if (!hasErrno(again, 'EEXIST')) throw again;
    });
  }
}

/**
 * Creates a folder with the mode that a machine's own system would give it; the worker's umask does not
 * apply.
 */
export async function makeMachineFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}

/**
 * Runs an operation on the local cloud and translates the errors of the file system.
 *
 * @throws unavailable `LOCAL_DISK_FULL`; permission `LOCAL_FOLDER`; every error of the operation.
 */
export async function onDisk<Result>(folder: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
      throw new WindlassError('unavailable', `the disk that holds ${folder} is full`, {
        code: 'LOCAL_DISK_FULL',
        hint: 'free some space there; windlass continues by itself',
        retryAfterMs: 10_000,
        cause: error,
      });
    }
    if (hasErrno(error, 'EACCES', 'EPERM', 'EROFS')) {
      throw folderError(folder, error);
    }
    throw error;
  }
}

/** The folder of a local cloud cannot be used. */
export function folderError(folder: string, cause: unknown): WindlassError {
  return new WindlassError('permission', `the worker cannot write ${folder}`, {
    code: 'LOCAL_FOLDER',
    field: 'folder',
    hint: 'give the worker’s user access to the folder, or name another with --set folder=…',
    cause,
  });
}
