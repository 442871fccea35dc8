import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { WindlassError } from '../domain/index.ts';

const VERSION_FILE = 'PG_VERSION';

/**
 * Checks the database folder before PGlite does, which would create a new database over one whose
 * PG_VERSION is gone. The remains of an interrupted first start are deleted: no data was ever stored in
 * them.
 *
 * @throws unavailable `DATABASE_DAMAGED`; permission `FOLDER_NOT_WRITABLE`. Nothing is changed then.
 */
export function checkDatabaseFolder(folder: string): void {
  if (existsSync(unfinishedMark(folder))) rmSync(folder, { recursive: true, force: true });
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw databaseDamaged(folder, 'it is not a folder');
  let names: readonly string[];
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    names = readdirSync(folder);
    if (names.includes('global')) accessSync(join(folder, 'global'), constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw notWritable(folder, code, error);
  }
  if (names.length > 0 && !names.includes(VERSION_FILE))
    throw databaseDamaged(folder, `${VERSION_FILE} is missing`);
}

/** Marks an empty folder as a database that is being created, until it is complete. */
export function markUnfinished(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) return;
  writeFileSync(unfinishedMark(folder), '', { mode: 0o600 });
}

export function unmarkUnfinished(folder: string): void {
  rmSync(unfinishedMark(folder), { force: true });
}

/**
 * What it means that PGlite cannot open a folder, and what to do; `why` is its message, if that is useful.
 */
export function databaseDamaged(folder: string, why: unknown): WindlassError {
  const code = why instanceof Error && 'code' in why ? String(why.code) : '';
  if (/^(EACCES|EPERM|EROFS)$/.test(code)) return notWritable(folder, code, why);
  if (/^(ENOSPC|EDQUOT)$/.test(code) || isDiskFull(why)) {
    return new WindlassError(
      'quota',
      `the disk of ${folder} is full: the embedded database cannot be opened`,
      {
        code: 'DISK_FULL',
        hint: 'free some space, then start again',
      },
    );
  }
  return new WindlassError(
    'unavailable',
    `the embedded database in ${folder} cannot be opened: ${describe(folder, why)}. Nothing of it was changed or deleted`,
    {
      code: 'DATABASE_DAMAGED',
      hint: `restore the whole folder ${dirname(folder)} from a copy that was made while nothing ran; or move ${folder} away and start with an empty database, which has no clusters, runtimes and apps`,
    },
  );
}

function describe(folder: string, why: unknown): string {
  const version = readVersion(folder);
  const written = version === null ? '' : ` (${VERSION_FILE} says ${JSON.stringify(version)})`;
  if (typeof why === 'string') return `it is damaged: ${why}`;
  return `it is damaged, or another version of PostgreSQL wrote it${written}`;
}

function readVersion(folder: string): string | null {
  try {
    return readFileSync(join(folder, VERSION_FILE), 'utf8').trim().slice(0, 20);
  } catch {
    return null;
  }
}

function isDiskFull(why: unknown): boolean {
  return why instanceof Error && /ENOSPC|No space left|disk full/i.test(why.message);
}

function notWritable(folder: string, code: string, cause: unknown): WindlassError {
  return new WindlassError(
    'permission',
    `the folder ${folder} of the embedded database cannot be written (${code})`,
    {
      code: 'FOLDER_NOT_WRITABLE',
      hint: 'make the user who runs windlass its owner again, with write access to everything in it; or set WINDLASS_HOME',
      cause,
    },
  );
}

function unfinishedMark(folder: string): string {
  return `${folder}.unfinished`;
}
