import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** An entry of an archive as a test wants it, right or wrong. */
export interface TestEntry {
  readonly path: string;
  readonly text?: string | Buffer;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'block-device';
  readonly target?: string;
  readonly mode?: number;
  /** zip: what the entry claims of itself. */
  readonly flags?: number;
  readonly method?: number;
  readonly claimedSize?: number;
}

/** A .tar of the entries, in their order. */
export async function makeTar(entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, text = '', type = 'file', target, mode = 0o644 } of entries) {
    archive.entry(
      { name: path, type, mode, ...(target === undefined ? {} : { linkname: target }) },
      type === 'file' ? text : '',
    );
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) {
    if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

export async function makeTarGz(entries: readonly TestEntry[]): Promise<Buffer> {
  return gzipSync(await makeTar(entries));
}

const KIND_BITS: Readonly<Record<string, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  fifo: 0o010000,
  'character-device': 0o020000,
  'block-device': 0o060000,
};

/** A .zip of the entries, as a Unix tool writes it. */
export function makeZip(entries: readonly TestEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { path, text = '', type = 'file', target, mode = 0o644, flags = 0, method = 8 } = entry;
    const name = Buffer.from(path);
    const content = Buffer.from(target ?? text);
    const packed = method === 8 ? deflateRawSync(content, { level: 9 }) : content;
    const size = entry.claimedSize ?? content.length;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x0800 | flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04'), fields, name, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((((KIND_BITS[type] ?? 0) | mode) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.alloc(2);
    madeBy.writeUInt16LE((3 << 8) | 20, 0);
    directory.push(Buffer.from('PK\x01\x02'), madeBy, fields, rest, name);
    offset += 30 + name.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end]);
}
