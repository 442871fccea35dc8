import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  digestContent,
  isPackagePath,
  packageNameOf,
  packContent,
  readPackage,
  readPackageArchive,
  readPackageFolder,
} from '../../../src/app-package/index.ts';
import { WindlassError, type PackageFile } from '../../../src/domain/index.ts';
import { makeTar, makeTarGz, makeZip, type TestEntry } from './archives.ts';

const FORMATS = [
  ['.tar.gz', makeTarGz],
  ['.zip', async (entries: readonly TestEntry[]) => makeZip(entries)],
  ['.tar', makeTar],
] as const;

const PACKAGE: readonly TestEntry[] = [
  { path: 'config.json', text: '{}' },
  { path: 'node/', type: 'directory', mode: 0o755 },
  { path: 'node/run', text: 'run', mode: 0o775 },
];

async function faultOf(archive: Uint8Array): Promise<{ code: string; message: string; kind: string }> {
  try {
    await readPackageArchive(archive);
  } catch (error) {
    if (WindlassError.isInstance(error)) return error.toInfo();
    throw error;
  }
  throw new Error('the archive was read');
}

const show = (files: readonly PackageFile[]) =>
  files.map(({ path, content, mode }) => [path, new TextDecoder().decode(content), mode.toString(8)]);

const SHOWN = [
  ['config.json', '{}', '644'],
  ['node/run', 'run', '755'],
];

describe.each(FORMATS)('a %s', (format, make) => {
  it('is read in path order, with what is executable', async () => {
    expect(show(await readPackageArchive(await make([...PACKAGE].reverse())))).toEqual(SHOWN);
  });

  it.each(['app/', './', './app-1.0/', 'deep/er/'])('may wrap its files in %s', async (top) => {
    const wrapped = PACKAGE.map((entry) => ({ ...entry, path: `${top}${entry.path}` }));
    expect(show(await readPackageArchive(await make(wrapped)))).toEqual(SHOWN);
  });

  it('keeps a folder that stands beside files', async () => {
    const files = await readPackageArchive(await make([{ path: 'Chart.yaml' }, { path: 'templates/a' }]));
    expect(files.map(({ path }) => path)).toEqual(['Chart.yaml', 'templates/a']);
    const loose = await readPackageArchive(await make([{ path: 'a/x' }, { path: 'b/y' }]));
    expect(loose.map(({ path }) => path)).toEqual(['a/x', 'b/y']);
  });

  it('leaves out what tools leave behind', async () => {
    const behind = ['.git/config', '__MACOSX/._config.json', 'node/._run', 'node/.DS_Store'];
    const files = await readPackageArchive(await make([...PACKAGE, ...behind.map((path) => ({ path }))]));
    expect(show(files)).toEqual(SHOWN);
  });

  it('has its links replaced by the files they lead to', async () => {
    const files = await readPackageArchive(
      await make([
        { path: 'node/first', type: 'symlink', target: 'bin/../second' },
        { path: 'node/second', type: 'symlink', target: './run' },
        ...PACKAGE,
      ]),
    );
    expect(show(files)).toEqual([
      SHOWN[0],
      ['node/first', 'run', '755'],
      ['node/run', 'run', '755'],
      ['node/second', 'run', '755'],
    ]);
  });

  it.each([
    ['../../etc/passwd', 'leads out of the package'],
    ['/etc/passwd', 'leads out of the package'],
    ['C:/x', 'leads out of the package'],
    ['nowhere', 'leads to nothing in the package'],
    ['.', 'leads to a folder'],
    ['link', 'leads round in a circle'],
    ['', 'leads nowhere'],
  ])('is refused for a link to %j', async (target, why) => {
    const entries = [...PACKAGE, { path: 'node/link', type: 'symlink' as const, target }];
    expect(await faultOf(await make(entries))).toMatchObject({
      kind: 'invalid-input',
      code: 'PACKAGE_LINK',
      message: `the link node/link ${why}`,
    });
  });

  it.each([
    ['../evil', 'leads out of the package'],
    ['a/../../evil', 'leads out of the package'],
    ['a/../config.json', 'leads out of the package'],
    ['/etc/cron.d/evil', 'is absolute'],
    ['C:\\evil', 'is absolute'],
  ])('is refused for the path %s', async (path, why) => {
    const fault = await faultOf(await make([...PACKAGE, { path, text: 'x' }]));
    expect(fault).toMatchObject({ kind: 'invalid-input', code: 'PACKAGE_PATH' });
    expect(fault.message).toContain(why);
  });

  it('is refused for a path that occurs twice', async () => {
    for (const path of ['config.json', './config.json', 'node//run']) {
      const fault = await faultOf(await make([...PACKAGE, { path, text: 'other' }]));
      expect(fault).toMatchObject({ code: 'PACKAGE_PATH' });
      expect(fault.message).toContain('occurs twice');
    }
    const both = await faultOf(await make([...PACKAGE, { path: 'node', text: 'x' }]));
    expect(both).toMatchObject({ code: 'PACKAGE_PATH', message: 'the path "node" is a file and a folder' });
  });

  it.each(['fifo', 'character-device', 'block-device'] as const)('is refused for a %s', async (type) => {
    expect(await faultOf(await make([...PACKAGE, { path: 'node/odd', type }]))).toMatchObject({
      kind: 'invalid-input',
      code: 'PACKAGE_ENTRY',
      message: 'node/odd is neither file, folder nor link',
    });
  });

  it('is refused for more than 5000 files, and for entries without end', async () => {
    const files = Array.from({ length: 5_001 }, (_, index) => ({ path: `f${index}`, method: 0 }));
    expect(await faultOf(await make(files))).toMatchObject({
      code: 'PACKAGE_TOO_MANY_FILES',
      message: 'the package holds more than 5000 files',
    });
    const ignored = Array.from({ length: 20_001 }, (_, index) => ({ path: `.git/${index}`, method: 0 }));
    const unpacked = format === '.tar.gz' ? makeTar : make;
    const fault = await faultOf(await unpacked(ignored));
    expect(fault).toMatchObject({
      code: 'PACKAGE_EXPANDS',
      message: 'the archive expands to more than 20000 entries, the most that is unpacked',
    });
  });

  it('is refused for files of more than 20 MB in all, links counted', async () => {
    // Random bytes, half of them, so that size and not ratio is what is met.
    const noise = Buffer.alloc(10_100_000);
    for (let at = 0; at < noise.length; at += 4)
      noise.writeUInt32LE((Math.imul(at, 2_654_435_761) ^ (at << 7)) >>> 0, at);
    const twice = [
      { path: 'config.json', text: noise },
      { path: 'again', type: 'symlink' as const, target: 'config.json' },
    ];
    expect(await faultOf(await make(twice))).toMatchObject({
      code: 'PACKAGE_TOO_LARGE',
      message: 'the package is larger than 20 MB, the most that is sent to a worker',
    });
  });

  it('is refused when it is broken, whatever is cut off', async () => {
    const whole = await make(PACKAGE);
    for (const length of [4, 40, Math.floor(whole.length / 2)]) {
      expect(await faultOf(whole.subarray(0, length))).toMatchObject({
        kind: 'invalid-input',
        code: 'PACKAGE_ARCHIVE',
      });
    }
  });

  it('never fails but with an error of its own, whatever is changed in it', async () => {
    const whole = await make(PACKAGE);
    const change = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const broken = Buffer.from(whole);
        for (const [at, byte] of changes) broken[at] = byte;
        try {
          for (const file of await readPackageArchive(broken)) expect(file.path).not.toMatch(/^\/|\.\.\//);
        } catch (error) {
          if (!WindlassError.isInstance(error)) throw error;
          expect(error.kind).toBe('invalid-input');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('readPackageArchive', () => {
  it('refuses what expands to more than 200 times its size', async () => {
    const zeros = [{ path: 'config.json', text: Buffer.alloc(5_000_000) }];
    for (const make of [makeTarGz, makeZip]) {
      expect(await faultOf(await make(zeros))).toMatchObject({
        kind: 'invalid-input',
        code: 'PACKAGE_EXPANDS',
        message: 'the archive expands to more than 200 times its size, the most that is unpacked',
      });
    }
  });

  it('refuses what expands without end in places that are left out', async () => {
    const chunk = Buffer.alloc(11_000_000);
    for (let at = 0; at < chunk.length; at += 50) chunk.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
    const entries = Array.from({ length: 10 }, (_, index) => ({ path: `.git/${index}`, text: chunk }));
    expect(await faultOf(makeZip(entries))).toMatchObject({
      code: 'PACKAGE_EXPANDS',
      message: 'the archive expands to more than 100 MB, the most that is unpacked',
    });
  });

  it('refuses a zip entry that holds more than it claims, is encrypted, or packed in an unknown way', async () => {
    const entry = { path: 'config.json', text: 'a'.repeat(5_000) };
    for (const change of [{ claimedSize: 10 }, { flags: 1 }, { method: 99 }]) {
      expect(await faultOf(makeZip([{ ...entry, ...change }]))).toMatchObject({ code: 'PACKAGE_ARCHIVE' });
    }
  });

  it('reads hard links of a tar from its top', async () => {
    const entries = [...PACKAGE, { path: 'node/hard', type: 'link' as const, target: 'config.json' }];
    expect(show(await readPackageArchive(await makeTarGz(entries)))[1]).toEqual(['node/hard', '{}', '644']);
  });

  it('refuses what is no archive, and one over 25 MB unseen', async () => {
    for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), gzipSync('hello')]) {
      expect(await faultOf(bytes)).toMatchObject({ code: 'PACKAGE_ARCHIVE' });
    }
    expect(await faultOf(Buffer.alloc(25_000_001))).toMatchObject({
      code: 'PACKAGE_TOO_LARGE',
      message: 'the archive is larger than 25 MB, the most that is read',
    });
  });
});

describe('readPackage', () => {
  const example = fileURLToPath(new URL('../../../examples/antietcd', import.meta.url));
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windlass-archive-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('gives the same digest for a folder and for archives of it', async () => {
    const files = await readPackageFolder(example);
    const digest = digestContent(packContent(files));
    const entries = files.map(({ path, content, mode }) => ({ path, text: Buffer.from(content), mode }));
    for (const [ending, make] of FORMATS) {
      const path = join(folder, `antietcd${ending}`);
      await writeFile(path, await make(entries));
      expect(digestContent(packContent(await readPackage(path)))).toBe(digest);
      expect(packageNameOf(path)).toBe('antietcd');
    }
    expect(digestContent(packContent(await readPackage(example)))).toBe(digest);
  });

  it('says what is not there, and what is too large to open', async () => {
    await expect(readPackage(join(folder, 'none.zip'))).rejects.toMatchObject({ code: 'PACKAGE_NOT_FOUND' });
    const large = join(folder, 'large.zip');
    await writeFile(large, Buffer.alloc(25_000_001));
    await expect(readPackage(large)).rejects.toMatchObject({ code: 'PACKAGE_TOO_LARGE' });
  });

  it('tells paths from the names of what is registered', () => {
    for (const path of ['./a', 'a/b', '..', 'a.zip', 'a-1.0.TGZ', 'a.tar.gz'])
      expect(isPackagePath(path)).toBe(true);
    for (const name of ['zookeeper', 'appv-0123', 'a.b', 'zip']) expect(isPackagePath(name)).toBe(false);
  });
});
