import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import type { ArchiveCollector, EntryHeader } from './archive-collector.ts';

/** Passes every entry of a tar, gzipped or not, to the collector. Throws the errors of both. */
export async function readTar(
  archive: Uint8Array,
  compressed: boolean,
  collector: ArchiveCollector,
): Promise<void> {
  const entries = extract();
  const source = Readable.from([archive]);
  const flow = compressed ? pipeline(source, createGunzip(), entries) : pipeline(source, entries);
  // Awaited below, where the entries end; until then it must not count as unhandled.
  flow.catch(() => {});
  for await (const entry of entries) {
    const { header } = entry;
    await collector.add(
      { path: header.name, kind: toKind(header.type), mode: header.mode },
      { content: readContent(entry), target: header.linkname ?? '' },
    );
    entry.resume();
  }
  await flow;
}

async function* readContent(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) {
    if (chunk instanceof Uint8Array) yield chunk;
  }
}

function toKind(type: Header['type']): EntryHeader['kind'] {
  switch (type) {
    case 'file':
    case 'contiguous-file':
      return 'file';
    case 'directory':
      return 'folder';
    case 'symlink':
      return 'symbolic-link';
    case 'link':
      return 'hard-link';
    default:
      return 'other';
  }
}
