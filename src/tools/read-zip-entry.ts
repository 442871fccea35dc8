import { inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_LENGTH = 22;
const STORED = 0;

/**
 * The content of one entry of a zip archive (a Python wheel is one), or null if it has none of that name.
 * Reads only the plain format, neither zip64 nor encryption; throws on anything else.
 */
export function readZipEntry(archive: Buffer, name: string): Buffer | null {
  let end = archive.length - END_LENGTH;
  while (end >= 0 && archive.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new Error('not a zip archive');
  const count = archive.readUInt16LE(end + 10);
  let offset = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (archive.readUInt32LE(offset) !== DIRECTORY_ENTRY) throw new Error('the zip archive is damaged');
    const method = archive.readUInt16LE(offset + 10);
    const packedBytes = archive.readUInt32LE(offset + 20);
    const nameBytes = archive.readUInt16LE(offset + 28);
    const extraBytes = archive.readUInt16LE(offset + 30);
    const commentBytes = archive.readUInt16LE(offset + 32);
    const header = archive.readUInt32LE(offset + 42);
    if (archive.toString('utf8', offset + 46, offset + 46 + nameBytes) === name) {
      // The local header repeats name and extra field, with an extra length of its own.
      const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
      const packed = archive.subarray(start, start + packedBytes);
      return method === STORED ? packed : inflateRawSync(packed);
    }
    offset += 46 + nameBytes + extraBytes + commentBytes;
  }
  return null;
}
