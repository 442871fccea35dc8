import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { WindlassError, type PackageFile } from '../domain/index.ts';
import { checkFileCount, checkPath, isIgnoredName, toPackageMode, wrongLink } from './file-rules.ts';
import { checkPackageSize, sortFiles } from './pack-content.ts';

/**
 * Reads a package from a folder: every file, in path order, executable or not. Symbolic links are followed
 * as long as they stay inside the folder.
 *
 * @throws not-found `PACKAGE_NOT_FOUND`; invalid-input `PACKAGE_NOT_A_FOLDER`, `PACKAGE_LINK` (one that
 * leads out, or nowhere), `PACKAGE_TOO_LARGE`, `PACKAGE_TOO_MANY_FILES`; permission `PACKAGE_UNREADABLE`.
 */
export async function readPackageFolder(path: string): Promise<PackageFile[]> {
  const root = await realpath(path).catch((error: unknown) => {
    throw toFileError(error, path);
  });
  if (!(await stat(root)).isDirectory()) {
    throw new WindlassError('invalid-input', `${path} is not a folder`, {
      code: 'PACKAGE_NOT_A_FOLDER',
      hint: 'name the folder that holds config.json, or an archive of it',
    });
  }
  const reading: Reading = { root, files: [], sizeBytes: 0, folders: 0 };
  await readFolder(reading, root, '', new Set([root]));
  return sortFiles(reading.files);
}

interface Reading {
  readonly root: string;
  readonly files: PackageFile[];
  sizeBytes: number;
  folders: number;
}

async function readFolder(
  reading: Reading,
  folder: string,
  prefix: string,
  open: ReadonlySet<string>,
): Promise<void> {
  // A few links to folders can look like a million files.
  reading.folders += 1;
  checkFileCount(reading.folders);
  const names = await readdir(folder).catch((error: unknown) => {
    throw toFileError(error, prefix === '' ? '.' : prefix);
  });
  for (const name of names) {
    if (isIgnoredName(name)) continue;
    const innerPath = prefix === '' ? name : `${prefix}/${name}`;
    try {
      checkPath(innerPath);
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
  checkFileCount(reading.files.length + 1);
  reading.files.push({
    path: innerPath,
    content: new Uint8Array(await readFile(target)),
    mode: toPackageMode(facts.mode),
  });
}

function leadsOut(root: string, target: string): boolean {
  const way = relative(root, target);
  return way === '..' || way.startsWith(`..${sep}`);
}

/** The error of a file operation in the user's terms; any other error unchanged. */
export function toFileError(error: unknown, path: string): unknown {
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
