import { buffer } from 'node:stream/consumers';
import { fromBufferPromise, getFileNameLowLevel, type Entry, type ZipFile } from 'yauzl';
import { WindlassError } from '../domain/index.ts';
import type { ArchiveCollector, EntryHeader } from './archive-collector.ts';

const UNIX = 3;
const KIND_BITS = 0o170000;
const LONGEST_TARGET_BYTES = 4_096;

/** Passes every entry of a zip to the collector. Throws the errors of both. */
export async function readZip(archive: Uint8Array, collector: ArchiveCollector): Promise<void> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  // The collector checks names, as for every other format.
  const zip = await fromBufferPromise(bytes, { lazyEntries: true, decodeStrings: false });
  for await (const entry of zip.eachEntry()) {
    const path = getFileNameLowLevel(
      entry.generalPurposeBitFlag,
      entry.fileNameRaw,
      entry.extraFields,
      false,
    );
    if (entry.isEncrypted()) throw unreadable(path, 'is encrypted');
    if (!entry.canDecodeFileData()) throw unreadable(path, 'is compressed in a way that is not known');
    const header = toHeader(entry, path);
    const target = header.kind === 'symbolic-link' ? await readTarget(zip, entry) : undefined;
    await collector.add(header, {
      content: readContent(zip, entry),
      ...(target === undefined ? {} : { target }),
    });
  }
}

// Opened only when the collector reads it.
async function* readContent(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  yield* await zip.openReadStreamPromise(entry);
}

/** In a zip, the target of a symbolic link is its content. */
async function readTarget(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > LONGEST_TARGET_BYTES) return '';
  return (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
}

function toHeader(entry: Entry, path: string): EntryHeader {
  // Only Unix tools record what kind of file an entry was.
  const unixMode = entry.versionMadeBy >>> 8 === UNIX ? entry.externalFileAttributes >>> 16 : 0;
  return { path, kind: toKind(unixMode, path), mode: unixMode === 0 ? 0o644 : unixMode };
}

function toKind(unixMode: number, path: string): EntryHeader['kind'] {
  if (path.endsWith('/')) return 'folder';
  switch (unixMode & KIND_BITS) {
    case 0:
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'folder';
    case 0o120000:
      return 'symbolic-link';
    default:
      return 'other';
  }
}

function unreadable(path: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `${path} of the archive ${why}`, {
    code: 'PACKAGE_ARCHIVE',
    hint: 'make the archive again with `zip -r` or `tar -czf`',
    field: path,
  });
}
