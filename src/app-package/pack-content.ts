import { createHash } from 'node:crypto';
import { MAX_PACKAGE_BYTES, WindlassError, type PackageFile } from '../domain/index.ts';
import { checkFileCount, checkPath, wrongPath } from './file-rules.ts';
import { parseJson } from './parse-json.ts';
import { isObject } from './values.ts';

// The packed form: a line with its name, a line of JSON that lists path, mode and size of every file in
// path order, then the contents one after another. The same files give the same bytes, and so the same
// digest, on every machine: it has no times, owners or padding, which is why it is not a tar.
const MAGIC = 'windlass-package/1';

/**
 * Packs the files of a package into bytes; the same files give the same bytes in whatever order they come.
 *
 * @throws invalid-input `PACKAGE_TOO_LARGE` beyond MAX_PACKAGE_BYTES, `PACKAGE_PATH` for a path that is
 * absolute, leads out or occurs twice.
 */
export function packContent(files: readonly PackageFile[]): Uint8Array {
  const sorted = sortFiles(files);
  checkPaths(sorted);
  const list = sorted.map((file) => ({
    path: file.path,
    mode: file.mode & 0o777,
    size: file.content.byteLength,
  }));
  const header = Buffer.from(`${MAGIC}\n${JSON.stringify(list)}\n`);
  const packed = Buffer.concat([header, ...sorted.map((file) => file.content)]);
  checkPackageSize(packed.byteLength);
  return packed;
}

/**
 * The files of a packed package, in path order. The input may come from anyone: everything in it is
 * checked.
 *
 * @throws invalid-input `PACKAGE_MALFORMED`, `PACKAGE_TOO_LARGE` or `PACKAGE_PATH`.
 */
export function unpackContent(packed: Uint8Array): PackageFile[] {
  checkPackageSize(packed.byteLength);
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const magicEnd = bytes.indexOf('\n');
  const headerEnd = bytes.indexOf('\n', magicEnd + 1);
  if (magicEnd < 0 || headerEnd < 0 || bytes.toString('latin1', 0, magicEnd) !== MAGIC) {
    throw malformed(`it does not begin with ${MAGIC}`);
  }
  const files: PackageFile[] = [];
  let offset = headerEnd + 1;
  for (const { path, mode, size } of readFileList(bytes.toString('utf8', magicEnd + 1, headerEnd))) {
    if (offset + size > bytes.byteLength) throw malformed(`it ends in the middle of ${path}`);
    files.push({ path, mode, content: new Uint8Array(bytes.subarray(offset, offset + size)) });
    offset += size;
  }
  if (offset !== bytes.byteLength) throw malformed('there are bytes after the last file');
  if (!sortFiles(files).every((file, index) => file === files[index]))
    throw malformed('its files are not in order');
  checkPaths(files);
  return files;
}

/** sha256 of packed content, hex: it identifies a package. */
export function digestContent(packed: Uint8Array): string {
  return createHash('sha256').update(packed).digest('hex');
}

/** `appv-` + the first 16 hex digits of the digest. */
export function versionIdOf(digest: string): string {
  return `appv-${digest.slice(0, 16)}`;
}

/** @throws invalid-input `PACKAGE_TOO_LARGE` */
export function checkPackageSize(sizeBytes: number): void {
  if (sizeBytes <= MAX_PACKAGE_BYTES) return;
  throw new WindlassError(
    'invalid-input',
    `the package is larger than ${MAX_PACKAGE_BYTES / 1_000_000} MB, the most that is sent to a worker`,
    {
      code: 'PACKAGE_TOO_LARGE',
      hint: 'put large files into the machine image, or let the init service fetch them',
    },
  );
}

/** Path order is the order of UTF-16 units: the same on every machine, whatever its locale. */
export function sortFiles(files: readonly PackageFile[]): PackageFile[] {
  return [...files].sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
}

interface FileEntry {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}

function readFileList(text: string): FileEntry[] {
  const result = parseJson(text);
  if ('fault' in result || !Array.isArray(result.value)) throw malformed('its list of files cannot be read');
  return result.value.map((entry: unknown) => {
    if (!isObject(entry)) throw malformed('its list of files cannot be read');
    const { path, mode, size } = entry;
    if (typeof path !== 'string' || !isCount(mode) || mode > 0o777 || !isCount(size)) {
      throw malformed('its list of files cannot be read');
    }
    return { path, mode, size };
  });
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function checkPaths(sorted: readonly PackageFile[]): void {
  checkFileCount(sorted.length);
  sorted.forEach((file, index) => {
    checkPath(file.path);
    if (!isInnerPath(file.path)) throw wrongPath(file.path, 'does not stay inside the package');
    if (sorted[index - 1]?.path === file.path) throw wrongPath(file.path, 'occurs twice');
  });
}

function isInnerPath(path: string): boolean {
  const segments = path.split('/');
  return (
    !path.includes('\0') &&
    !path.includes('\\') &&
    segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

function malformed(why: string): WindlassError {
  return new WindlassError('invalid-input', `the packed package cannot be read: ${why}`, {
    code: 'PACKAGE_MALFORMED',
    hint: 'register the package again',
  });
}
