import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { WindlassError, type PackageFile } from '../domain/index.ts';
import { checkPackageSize, sortFiles } from './pack-content.ts';

// What tools leave behind in a working copy; no part of an application.
const IGNORED_NAMES: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  '.DS_Store',
  '.idea',
  '.vscode',
  'node_modules',
  'Thumbs.db',
]);

// A guard against pointing at the wrong folder, e.g. a home folder.
const MAX_FILES = 5_000;

/**
 * Reads a package from a folder: every file, in path order, executable or not. Symbolic
 * links are followed as long as they stay inside the folder.
 *
 * @throws not-found `PACKAGE_NOT_FOUND`; invalid-input `PACKAGE_NOT_A_FOLDER`, `PACKAGE_LINK` (one
 *   that leads out, or nowhere), `PACKAGE_TOO_LARGE`, `PACKAGE_TOO_MANY_FILES`; permission
 *   `PACKAGE_UNREADABLE`.
 */
export async function readPackageFolder(path: string): Promise<PackageFile[]> {
  const root = await realpath(path).catch((error: unknown) => {
    throw toFileError(error, path);
  });
  if (!(await stat(root)).isDirectory()) {
    throw new WindlassError('invalid-input', `${path} is a file; a package is a folder`, {
      code: 'PACKAGE_NOT_A_FOLDER',
      hint: 'name the folder that holds config.json',
    });
  }
  const reading: Reading = { root, files: [], sizeBytes: 0 };
  await readFolder(reading, root, '', new Set([root]));
  return sortFiles(reading.files);
}

interface Reading {
  readonly root: string;
  readonly files: PackageFile[];
  sizeBytes: number;
}

async function readFolder(
  reading: Reading,
  folder: string,
  prefix: string,
  open: ReadonlySet<string>,
): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw toFileError(error, prefix === '' ? '.' : prefix);
  });
  for (const name of names) {
    if (IGNORED_NAMES.has(name)) continue;
    const innerPath = prefix === '' ? name : `${prefix}/${name}`;
    try {
      await readEntry(reading, join(folder, name), innerPath, open);
    } catch (error) {
      throw toFileError(error, innerPath);
    }
  }
}

async function readEntry(
  reading: Reading,
  path: string,
  innerPath: string,
  open: ReadonlySet<string>,
): Promise<void> {
  const link = (await lstat(path)).isSymbolicLink();
  const target = link ? await realpath(path) : path;
  if (link && leadsOut(reading.root, target)) throw wrongLink(innerPath, 'leads out of the package');
  const facts = await stat(target);
  if (facts.isDirectory()) {
    if (open.has(target)) throw wrongLink(innerPath, 'leads back to a folder that holds it');
    await readFolder(reading, target, innerPath, new Set([...open, target]));
    return;
  }
  // Sockets, pipes and devices have no content to carry.
  if (!facts.isFile()) return;
  reading.sizeBytes += facts.size;
  checkPackageSize(reading.sizeBytes);
  if (reading.files.length >= MAX_FILES) {
    throw new WindlassError('invalid-input', `the folder holds more than ${MAX_FILES} files`, {
      code: 'PACKAGE_TOO_MANY_FILES',
      hint: 'is this the folder of a package? Large trees travel better as one archive',
    });
  }
  reading.files.push({
    path: innerPath,
    content: new Uint8Array(await readFile(target)),
    // Executable or not, as git keeps it: the rest depends on the umask of whoever checked it out,
    // and the same package must have the same digest everywhere.
    mode: (facts.mode & 0o111) === 0 ? 0o644 : 0o755,
  });
}

function leadsOut(root: string, target: string): boolean {
  const way = relative(root, target);
  return way === '..' || way.startsWith(`..${sep}`);
}

function wrongLink(innerPath: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the link ${innerPath} ${why}`, {
    code: 'PACKAGE_LINK',
    hint: 'replace the link by what it points to',
    field: innerPath,
  });
}

function toFileError(error: unknown, path: string): unknown {
  if (WindlassError.isInstance(error) || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new WindlassError('not-found', `there is no ${path}`, {
        code: 'PACKAGE_NOT_FOUND',
        hint: 'a package is a folder with config.json and cluster.json.mustache',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new WindlassError('permission', `${path} may not be read`, {
        code: 'PACKAGE_UNREADABLE',
        hint: 'give yourself the right to read it',
        cause: error,
      });
    default:
      return error;
  }
}
