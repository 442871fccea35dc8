import { deflateRawSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { HostileInput, HostileTarget } from '../input.ts';
import { buildPackage } from './packages.ts';

interface TarEntry {
  readonly name: string;
  readonly type?: 'file' | 'symlink' | 'link' | 'fifo' | 'character-device';
  readonly linkname?: string;
  readonly content?: string | Buffer;
}

async function tar(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, type = 'file', linkname, content = '' } of entries) {
    if (type === 'file') archive.entry({ name }, content);
    else archive.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) });
  }
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** One stored entry of a zip, with the given header. */
function zip(name: string, content: Buffer, claims: { readonly size?: number } = {}): Buffer {
  const packed = deflateRawSync(content);
  const path = Buffer.from(name);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(claims.size ?? content.length, 22);
  local.writeUInt16LE(path.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(20, 4);
  central.writeUInt16LE(20, 6);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(claims.size ?? content.length, 24);
  central.writeUInt16LE(path.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + path.length, 12);
  end.writeUInt32LE(local.length + path.length + packed.length, 16);
  return Buffer.concat([local, path, packed, central, path, end]);
}

const sound: readonly TarEntry[] = Object.entries(buildPackage({})).map(([name, content]) => ({
  name: `p/${name}`,
  content: String(content),
}));
const withEntry = (entry: TarEntry): Promise<Buffer> => tar([...sound, entry]);

const archive = (
  why: string,
  extension: 'tar.gz' | 'zip' | 'tgz',
  make: () => Promise<Buffer> | Buffer,
): HostileInput => ({
  name: `archive: ${why}`,
  outcome: 'refused',
  send: async ({ client, files }: HostileTarget) =>
    client.apps.register(files.writeFile(`archive.${extension}`, await make())),
});

const gz = async (made: Promise<Buffer>): Promise<Buffer> => gzipSync(await made);

export const ARCHIVE_INPUTS: readonly HostileInput[] = [
  archive('a path that leads out', 'tar.gz', () => gz(withEntry({ name: '../../x', content: 'x' }))),
  archive('an absolute path', 'tar.gz', () => gz(withEntry({ name: '/etc/x', content: 'x' }))),
  archive('a symbolic link out', 'tar.gz', () =>
    gz(withEntry({ name: 'p/node/x', type: 'symlink', linkname: '/etc/passwd' })),
  ),
  archive('a hard link out', 'tar.gz', () =>
    gz(withEntry({ name: 'p/node/x', type: 'link', linkname: '/etc/passwd' })),
  ),
  archive('a pipe', 'tar.gz', () => gz(withEntry({ name: 'p/node/x', type: 'fifo' }))),
  archive('a device', 'tar.gz', () => gz(withEntry({ name: 'p/node/x', type: 'character-device' }))),
  archive('a file name of 5,000 bytes', 'tar.gz', () =>
    gz(withEntry({ name: `p/node/${'a'.repeat(5_000)}`, content: 'x' })),
  ),
  archive('a path that occurs twice', 'tar.gz', () =>
    gz(withEntry({ name: 'p/config.json', content: '{}' })),
  ),
  archive('30,000 empty files', 'tar.gz', () =>
    gz(tar([...sound, ...Array.from({ length: 30_000 }, (_, index) => ({ name: `p/node/${index}` }))])),
  ),
  archive('1 GB of zeros', 'tar.gz', () => bomb()),
  archive('a gzip that ends in the middle', 'tar.gz', async () => (await gz(tar(sound))).subarray(0, 100)),
  archive('bytes that are no archive', 'tar.gz', () => Buffer.from('not an archive')),
  archive('an empty file', 'tar.gz', () => Buffer.alloc(0)),
  archive('no package in it', 'tar.gz', () => gz(tar([{ name: 'p/readme', content: 'x' }]))),
  archive('a zip whose header says less than it holds', 'zip', () =>
    zip('config.json', Buffer.alloc(5_000_000), { size: 10 }),
  ),
  archive('a zip of zeros', 'zip', () => zip('config.json', Buffer.alloc(300_000_000))),
  archive('a zip with a path that leads out', 'zip', () => zip('../x', Buffer.from('x'))),
  archive('a zip that ends in the middle', 'zip', () => zip('config.json', Buffer.from('x')).subarray(0, 40)),
  archive('a zip that is none', 'zip', () => Buffer.from('PK\u0003\u0004')),
  archive('a chart with a path that leads out', 'tgz', () =>
    gz(
      tar([
        { name: 'web/Chart.yaml', content: 'apiVersion: v2\nname: web\nversion: 1.0.0\n' },
        { name: 'web/../../x', content: 'x' },
      ]),
    ),
  ),
  ...packed('nothing', new Uint8Array()),
  ...packed('a wrong first line', Buffer.from('windlass-package/9\n[]\n')),
  ...packed('a list that is none', Buffer.from('windlass-package/1\n{}\n')),
  ...packed('a list of nulls', Buffer.from('windlass-package/1\n[null,null]\n')),
  ...packed('a negative size', Buffer.from('windlass-package/1\n[{"path":"a","mode":420,"size":-5}]\n')),
  ...packed(
    'a size over its end',
    Buffer.from('windlass-package/1\n[{"path":"a","mode":420,"size":9007199254740991}]\n'),
  ),
  ...packed(
    'a path that leads out',
    Buffer.from('windlass-package/1\n[{"path":"../a","mode":420,"size":1}]\nx'),
  ),
  ...packed(
    'a mode that is text',
    Buffer.from('windlass-package/1\n[{"path":"a","mode":"rwx","size":1}]\nx'),
  ),
  ...packed(
    'a list that is nested 100,000 deep',
    Buffer.from(`windlass-package/1\n${'['.repeat(100_000)}\n`),
  ),
  ...packed(
    '300,000 files',
    Buffer.from(
      `windlass-package/1\n${JSON.stringify(Array.from({ length: 300_000 }, (_, index) => ({ path: `a${String(index).padStart(7, '0')}`, mode: 420, size: 0 })))}\n`,
    ),
  ),
];

function packed(why: string, bytes: Uint8Array): HostileInput[] {
  return [
    {
      name: `packed past the client: ${why}`,
      outcome: 'refused',
      send: ({ forge }) => forge.uploadBytes(bytes),
    },
  ];
}

/** Small pieces, each of which gzip makes out of nothing. */
async function bomb(): Promise<Buffer> {
  const head = await tar([{ name: 'p/config.json', content: Buffer.alloc(1) }]);
  const header = Buffer.from(head.subarray(0, 512));
  header.write('10000000000\0', 124, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const zeros = gzipSync(Buffer.alloc(50_000_000));
  return Buffer.concat([gzipSync(header), ...Array.from({ length: 20 }, () => zeros)]);
}
