import { MAX_PACKAGE_BYTES, WindlassError, type PackageFile } from '../domain/index.ts';
import { createArchiveCollector } from './archive-collector.ts';
import { sortFiles } from './pack-content.ts';
import { readTar } from './read-tar.ts';
import { readZip } from './read-zip.ts';

/**
 * The largest archive that is read; content that does not compress needs a little more room than its size.
 */
export const MAX_ARCHIVE_BYTES = MAX_PACKAGE_BYTES * 1.25;

const FORMATS = ['tar.gz', 'zip', 'tar'] as const;
type ArchiveFormat = (typeof FORMATS)[number];

/**
 * The files of a packed package, in path order: a .tar.gz (.tgz), .zip or .tar, recognised by content.
 * Archives may come from anyone: nothing is written to disk, paths may not leave the package, and the
 * expanded size is limited. A link to a file of the package is replaced by that file; every other link is
 * refused. One folder that wraps all files is removed.
 *
 * @throws invalid-input `PACKAGE_ARCHIVE` (broken, encrypted or of no known format), `PACKAGE_PATH`,
 * `PACKAGE_LINK`, `PACKAGE_ENTRY` (device, pipe, socket), `PACKAGE_EXPANDS`, `PACKAGE_TOO_LARGE`,
 * `PACKAGE_TOO_MANY_FILES`.
 */
export async function readPackageArchive(archive: Uint8Array): Promise<PackageFile[]> {
  if (archive.byteLength > MAX_ARCHIVE_BYTES) throw archiveTooLarge();
  const collector = createArchiveCollector(archive.byteLength);
  try {
    const format = detectFormat(archive);
    if (format === 'zip') await readZip(archive, collector);
    else await readTar(archive, format === 'tar.gz', collector);
  } catch (error) {
    if (WindlassError.isInstance(error)) throw error;
    throw brokenArchive(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  return sortFiles(collector.finish());
}

/** The error for an archive that is not even opened. */
export function archiveTooLarge(): WindlassError {
  return new WindlassError(
    'invalid-input',
    `the archive is larger than ${MAX_ARCHIVE_BYTES / 1_000_000} MB, the most that is read`,
    {
      code: 'PACKAGE_TOO_LARGE',
      hint: 'put large files into the machine image, or let the init service fetch them',
    },
  );
}

function detectFormat(archive: Uint8Array): ArchiveFormat {
  const text = Buffer.from(archive.subarray(0, 512)).toString('latin1');
  if (text.startsWith('\x1f\x8b')) return 'tar.gz';
  // The second is the beginning of an empty zip.
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'zip';
  if (text.startsWith('ustar', 257)) return 'tar';
  throw brokenArchive('is no .tar.gz, .zip or .tar');
}

function brokenArchive(why: string, cause?: unknown): WindlassError {
  return new WindlassError('invalid-input', `the archive ${why}`, {
    code: 'PACKAGE_ARCHIVE',
    hint: 'a package is a folder, or an archive of it made with `tar -czf` or `zip -r`',
    ...(cause === undefined ? {} : { cause }),
  });
}
