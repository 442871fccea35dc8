import { randomBytes } from 'node:crypto';
import { readFileSync, type Stats, statSync } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { WindlassError } from '../domain/index.ts';
import { generateKeyring, type KeyringData, parseKeyring } from './keyring-data.ts';

/** A keyring as read, with a stamp that shows whether the file has changed since. */
export interface KeyringSnapshot {
  readonly data: KeyringData;
  readonly version: string;
}

/**
 * Reads a keyring file that only its owner can read.
 *
 * @throws permission `KEYRING_READABLE` when other users can read it too, `KEYRING_ACCESS` when we cannot;
 * not-found `KEYRING_NOT_FOUND`; invalid-input `KEYRING_INVALID`.
 */
export function readKeyringFile(file: string): KeyringSnapshot {
  try {
    const stats = statSync(file);
    assertPrivate(file, stats);
    return { data: parseKeyring(readFileSync(file, 'utf8'), file), version: toVersion(stats) };
  } catch (error) {
    throw toKeyringError(file, error);
  }
}

/** A value that changes whenever the file is replaced; empty if it does not exist. */
export function readKeyringVersion(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '' : toVersion(stats);
}

/**
 * Creates the file with new keys unless it exists. Two workers that do so at the same time get the same
 * keyring.
 */
export async function createKeyringFile(file: string): Promise<void> {
  if (readKeyringVersion(file) !== '') return;
  await replaceThrough(file, await generateKeyring(new Date()), async (temporary) => {
    try {
      // A link, not a rename: it fails if another worker was faster.
      await link(temporary, file);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    await rm(temporary, { force: true });
  });
}

/**
 * Changes the content: a reader sees the old or the new keyring, never half of one. Of two changes at the
 * same time, the second starts from the result of the first, so that no key is ever lost.
 *
 * @throws conflict `KEYRING_LOCKED` when another process does not finish its change.
 */
export async function updateKeyringFile(
  file: string,
  change: (data: KeyringData) => KeyringData,
): Promise<KeyringData> {
  const unlock = await lockKeyringFile(`${file}.lock`, file);
  try {
    const data = change(readKeyringFile(file).data);
    await replaceThrough(file, data, (temporary) => rename(temporary, file));
    return data;
  } finally {
    await unlock();
  }
}

/** A change takes milliseconds; an older lock was left by a process that died. */
const LOCK_STALE_MS = 30_000;
const LOCK_RETRY_MS = 50;
const LOCK_ATTEMPTS = 100;

async function lockKeyringFile(lock: string, file: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt += 1) {
    try {
      const handle = await open(lock, 'wx', 0o600);
      await handle.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw toKeyringError(file, error);
    }
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_STALE_MS) await rm(lock, { force: true });
    else await setTimeout(LOCK_RETRY_MS);
  }
  throw new WindlassError('conflict', `the keyring ${file} is being changed by another process`, {
    code: 'KEYRING_LOCKED',
    hint: `if no other process rotates keys, remove ${lock}`,
  });
}

async function replaceThrough(
  file: string,
  data: KeyringData,
  putInPlace: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(data, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await putInPlace(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw toKeyringError(file, error);
  }
}

function assertPrivate(file: string, stats: Stats): void {
  if ((stats.mode & 0o077) === 0) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  throw new WindlassError('permission', `the keyring ${file} can be read by other users (mode ${mode})`, {
    code: 'KEYRING_READABLE',
    hint: `chmod 600 ${file}, and rotate the keys if other users may have read it`,
  });
}

function toVersion(stats: Stats): string {
  return `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
}

function toKeyringError(file: string, error: unknown): unknown {
  if (hasCode(error, 'ENOENT')) {
    return new WindlassError('not-found', `there is no keyring ${file}`, {
      code: 'KEYRING_NOT_FOUND',
      hint: 'WINDLASS_KEYRING names the file; a worker creates it when it starts',
    });
  }
  if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM') || hasCode(error, 'EROFS')) {
    return new WindlassError('permission', `the keyring ${file} cannot be read or written`, {
      code: 'KEYRING_ACCESS',
      hint: 'the file must belong to the user that windlass runs as; to rotate keys, its folder must be writable',
    });
  }
  if (hasCode(error, 'ENOSPC')) {
    return new WindlassError('unavailable', `the disk is full: the keyring ${file} was not written`, {
      code: 'DISK_FULL',
      hint: 'free some space and try again; the old keyring is unchanged',
    });
  }
  return error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
