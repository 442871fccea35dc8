import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { readZipEntry } from './read-zip-entry.ts';

/**
 * The content of an entry in nested archives; null if one of them does not exist. The outermost is a zip
 * archive; the type of the others follows from their names: `.tgz`, otherwise zip.
 */
export async function readNestedEntry(archive: Buffer, path: readonly string[]): Promise<Buffer | null> {
  let content: Buffer | null = archive;
  let isTar = false;
  for (const name of path) {
    if (content === null) return null;
    content = isTar ? await readTarEntry(gunzipSync(content), name) : readZipEntry(content, name);
    isTar = name.endsWith('.tgz');
  }
  return content;
}

async function readTarEntry(archive: Buffer, name: string): Promise<Buffer | null> {
  const reader = Readable.from([archive]).pipe(extract());
  let found: Buffer | null = null;
  for await (const entry of reader) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    if (entry.header.name === name) found = Buffer.concat(parts);
  }
  return found;
}
