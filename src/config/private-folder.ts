import { chmodSync, lstatSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { WindlassError } from '../domain/index.ts';

/** The variable that names a folder, for messages. */
export type FolderVariable = 'WINDLASS_HOME' | 'WINDLASS_CACHE';

const OTHERS = 0o077;
const GROUP_WRITES = 0o020;
const WORLD_WRITES = 0o002;
const STICKY = 0o1000;

/**
 * Creates a folder that only this user can enter, or removes other users' access to an existing one: its
 * content is then out of reach, whatever its own modes. Does nothing if the platform has no owners.
 *
 * @returns the mode that it had, in octal digits, if other users could enter it before; otherwise null
 * @throws permission `FOLDER_UNSAFE`, with the command that fixes it, for a link, for anything that is not
 * a folder or belongs to another user, and below a folder in which other users can replace it; permission
 * `FOLDER_NOT_WRITABLE` if it cannot be created. Nothing is changed then.
 */
export function claimPrivateFolder(folder: string, variable: FolderVariable): string | null {
  const uid = process.getuid?.();
  const found = make(folder, variable);
  if (uid === undefined) return null;
  if (found.isSymbolicLink()) {
    throw unsafe(folder, 'is a link', `set ${variable} to the folder itself: ${realPath(folder)}`);
  }
  if (!found.isDirectory()) throw unsafe(folder, 'is not a folder', `set ${variable} to another path`);
  if (found.uid !== uid) {
    throw unsafe(
      folder,
      `belongs to the user with the id ${found.uid}`,
      `sudo chown -R ${uid} ${folder}, or set ${variable} to a folder of yours`,
    );
  }
  refuseOpenParents(folder, variable);
  const mode = found.mode & 0o7777;
  if ((mode & OTHERS) === 0) return null;
  chmodSync(folder, 0o700);
  return mode.toString(8).padStart(4, '0');
}

function make(folder: string, variable: FolderVariable): Stats {
  try {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found !== undefined) return found;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return lstatSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new WindlassError('permission', `the folder ${folder} cannot be made or read (${code})`, {
      code: 'FOLDER_NOT_WRITABLE',
      hint: `set ${variable} to a folder of yours`,
      cause: error,
    });
  }
}

/** A user who may write to a parent can replace our folder, unless the parent is sticky. */
function refuseOpenParents(folder: string, variable: FolderVariable): void {
  const group = process.getgid?.();
  let parent = dirname(realPath(folder));
  for (;;) {
    const { mode, gid } = statSync(parent);
    const isSticky = (mode & STICKY) !== 0;
    // A user's own private group, which many systems create, does not count as other users.
    const who = (mode & WORLD_WRITES) !== 0 ? 'o' : (mode & GROUP_WRITES) !== 0 && gid !== group ? 'g' : null;
    if (who !== null && !isSticky) {
      throw unsafe(
        folder,
        `is in ${parent}, where other users can replace it`,
        `chmod ${who}-w ${parent}, or set ${variable} to another folder`,
      );
    }
    if (dirname(parent) === parent) return;
    parent = dirname(parent);
  }
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function unsafe(folder: string, why: string, hint: string): WindlassError {
  return new WindlassError('permission', `${folder} ${why}: other users could read or change its files`, {
    code: 'FOLDER_UNSAFE',
    hint,
  });
}
