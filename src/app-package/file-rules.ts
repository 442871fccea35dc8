import { MAX_PATH_BYTES, MAX_PATH_PART_BYTES, WindlassError, type PackageFile } from '../domain/index.ts';
import type { ProblemReport } from './problems.ts';

// Files that tools leave in a working copy or an archive; they are not part of an application.
const IGNORED_NAMES: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  '.DS_Store',
  '.idea',
  '.vscode',
  '__MACOSX',
  'node_modules',
  'Thumbs.db',
]);

// Protects against naming the wrong folder, e.g. a home folder.
const MAX_FILES = 5_000;

/** Whether a file or folder of this name belongs to tools, not to the package. */
export function isIgnoredName(name: string): boolean {
  // `._name` holds macOS' metadata of `name`.
  return IGNORED_NAMES.has(name) || name.startsWith('._');
}

/** @throws invalid-input `PACKAGE_TOO_MANY_FILES` */
export function checkFileCount(count: number): void {
  if (count <= MAX_FILES) return;
  throw new WindlassError('invalid-input', `the package holds more than ${MAX_FILES} files`, {
    code: 'PACKAGE_TOO_MANY_FILES',
    hint: 'is this a package? A large tree of files travels better as one archive inside of it',
  });
}

/** The error for a link that cannot be followed. */
export function wrongLink(path: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the link ${path} ${why}`, {
    code: 'PACKAGE_LINK',
    hint: 'replace the link by what it points to',
    field: path,
  });
}

/** The error for a path that a package may not have. */
export function wrongPath(path: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the path ${JSON.stringify(path)} ${why}`, {
    code: 'PACKAGE_PATH',
    hint: 'paths are relative, with / between their parts, each once',
    field: path,
  });
}

/**
 * @throws invalid-input `PACKAGE_PATH` for a path that is too long, or holds invisible or control
 * characters.
 */
export function checkPath(path: string): void {
  // The path itself is not quoted: it would fill the screen.
  const shown = `${path.slice(0, 60)}…`;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw wrongPath(shown, `is too long; the limit is ${MAX_PATH_BYTES} bytes`);
  }
  if (path.split('/').some((part) => Buffer.byteLength(part) > MAX_PATH_PART_BYTES)) {
    throw wrongPath(shown, `has a name that is too long; the limit is ${MAX_PATH_PART_BYTES} bytes`);
  }
  if (/\p{Cc}/u.test(path)) throw wrongPath(path, 'holds a control character');
}

/** Warns of paths that are the same file on a machine that ignores case. */
export function warnOfLikePaths(files: readonly PackageFile[], report: ProblemReport): void {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    const plain = path.normalize('NFC').toLowerCase();
    const like = seen.get(plain);
    if (like === undefined) seen.set(plain, path);
    else report.warning(path, {}, `differs from ${JSON.stringify(like)} in the case or form of letters only`);
  }
}

/**
 * Executable or not, as git keeps it: all other mode bits depend on the umask of the user who checked a
 * file out, and the same package must have the same digest everywhere.
 */
export function toPackageMode(mode: number): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}
