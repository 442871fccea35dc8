import { WindlassError } from '../domain/index.ts';

// What tools leave behind in a working copy or an archive; no part of an application.
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

// A guard against pointing at the wrong folder, e.g. a home folder.
const MAX_FILES = 5_000;

/** Whether a file or folder of this name belongs to tools, not to the package. */
export function isIgnoredName(name: string): boolean {
  // `._name` holds what macOS knows of `name`.
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
 * Executable or not, as git keeps it: the rest depends on the umask of whoever checked a file out,
 * and the same package must have the same digest everywhere.
 */
export function toPackageMode(mode: number): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}
