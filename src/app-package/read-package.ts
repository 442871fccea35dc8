import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { PackageFile } from '../domain/index.ts';
import { archiveTooLarge, MAX_ARCHIVE_BYTES, readPackageArchive } from './read-package-archive.ts';
import { readPackageFolder, toFileError } from './read-package-folder.ts';

/**
 * Reads a package from the user's disk: a folder, or an archive of one.
 *
 * @throws the errors of readPackageFolder and readPackageArchive.
 */
export async function readPackage(path: string): Promise<PackageFile[]> {
  const archive = await openArchive(path);
  return archive === null ? readPackageFolder(path) : readPackageArchive(archive);
}

const ARCHIVE_ENDING = /\.(?:tar\.gz|tgz|tar|zip)$/i;

/** Whether an argument means a folder or an archive, not the name of a registered app. */
export function isPackagePath(app: string): boolean {
  if (isChartReference(app)) return false;
  return /[/\\]|^\.+$/.test(app) || ARCHIVE_ENDING.test(app);
}

/** Whether it is a chart in a registry, which a worker fetches. */
export function isChartReference(app: string): boolean {
  return app.startsWith('oci://');
}

/** The name of a package that gives itself none: its folder or archive, without file extensions. */
export function packageNameOf(path: string): string {
  return basename(resolve(path)).replace(ARCHIVE_ENDING, '');
}

/** Null for a folder. */
async function openArchive(path: string): Promise<Uint8Array | null> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return null;
    if (facts.size > MAX_ARCHIVE_BYTES) throw archiveTooLarge();
    return await readFile(path);
  } catch (error) {
    throw toFileError(error, path);
  }
}
