import { chmodSync, lstatSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { WindlassError } from '../domain/index.ts';

/** Which variable names a folder, for messages. */
export type FolderVariable = 'WINDLASS_HOME' | 'WINDLASS_CACHE';

const OTHERS = 0o077;
const GROUP_WRITES = 0o020;
const WORLD_WRITES = 0o002;
const STICKY = 0o1000;

/**
 * Makes a folder that only this user can enter, or closes the one that is there: what lies in it is then
 * out of reach, whatever its own modes. Nothing is done where the platform knows no owners.
 *
 * @returns the mode that it had, in octal digits, where others could enter it before; else null
 * @throws permission `FOLDER_UNSAFE`, with the command that mends it, for a link, for what is no folder or
 *   belongs to another user, and below a folder in which others can put something else in its place;
 *   permission `FOLDER_NOT_WRITABLE` where it cannot be made. Nothing is changed then.
 */
export function claimPrivateFolder(folder: string, variable: FolderVariable): string | null {
  const uid = process.getuid?.();
  const found = make(folder, variable);
  if (uid === undefined) return null;
  if (found.isSymbolicLink()) {
    throw unsafe(folder, 'is a link', `set ${variable} to the folder itself: ${realPath(folder)}`);
  }
  if (!found.isDirectory()) throw unsafe(folder, 'is no folder', `set ${variable} to another path`);
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

/** Whoever may write in a parent can put another folder in the place of ours, unless the parent is sticky. */
function refuseOpenParents(folder: string, variable: FolderVariable): void {
  const group = process.getgid?.();
  let parent = dirname(realPath(folder));
  for (;;) {
    const { mode, gid } = statSync(parent);
    const isSticky = (mode & STICKY) !== 0;
    // A group of one's own, as many systems give each user, is no other user.
    const who = (mode & WORLD_WRITES) !== 0 ? 'o' : (mode & GROUP_WRITES) !== 0 && gid !== group ? 'g' : null;
    if (who !== null && !isSticky) {
      throw unsafe(
        folder,
        `lies in ${parent}, where other users can put another in its place`,
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
  return new WindlassError('permission', `${folder} ${why}: others could read or change what is kept there`, {
    code: 'FOLDER_UNSAFE',
    hint,
  });
}
