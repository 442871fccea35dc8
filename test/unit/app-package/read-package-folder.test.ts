import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPackageFolder, readPackageIdentity } from '../../../src/app-package/index.ts';
import { loadFixture } from './packages.ts';

describe('readPackageFolder', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windlass-package-'));
    await mkdir(join(folder, 'node/bin'), { recursive: true });
    await writeFile(join(folder, 'node/bin/run'), 'run');
    await chmod(join(folder, 'node/bin/run'), 0o775);
    await writeFile(join(folder, 'config.json'), '{}');
    await chmod(join(folder, 'config.json'), 0o600);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lists files in path order, executable or not, without what tools leave behind', async () => {
    for (const name of ['.git', 'node/node_modules']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'x'), '');
    }
    const files = await readPackageFolder(folder);
    expect(files.map(({ path, mode }) => [path, mode])).toEqual([
      ['config.json', 0o644],
      ['node/bin/run', 0o755],
    ]);
  });

  it('follows links that stay inside', async () => {
    await symlink('bin', join(folder, 'node/tools'));
    expect((await readPackageFolder(folder)).map((file) => file.path)).toContain('node/tools/run');
  });

  it.each([
    ['leads out', '../..'],
    ['leads to a file outside', '/etc/hostname'],
    ['leads in a circle', '.'],
  ])('refuses a link that %s', async (_, target) => {
    await symlink(target, join(folder, 'node/link'));
    await expect(readPackageFolder(folder)).rejects.toMatchObject({
      code: 'PACKAGE_LINK',
      field: 'node/link',
    });
  });

  it('says what a broken link is', async () => {
    await symlink('nowhere', join(folder, 'link'));
    await expect(readPackageFolder(folder)).rejects.toMatchObject({
      code: 'PACKAGE_NOT_FOUND',
      message: 'there is no link',
    });
  });

  it('stops reading where a package is too large', async () => {
    await writeFile(join(folder, 'large'), new Uint8Array(20_000_001));
    await expect(readPackageFolder(folder)).rejects.toMatchObject({ code: 'PACKAGE_TOO_LARGE' });
  });

  it('refuses a path that is not there, or is no folder', async () => {
    await expect(readPackageFolder(join(folder, 'no'))).rejects.toMatchObject({ kind: 'not-found' });
    await expect(readPackageFolder(join(folder, 'config.json'))).rejects.toMatchObject({
      code: 'PACKAGE_NOT_A_FOLDER',
    });
  });
});

describe('readPackageIdentity', () => {
  it('takes package.json, then the form, then the name given', async () => {
    expect(readPackageIdentity((await loadFixture('shards')).files)).toEqual({
      appName: 'shards',
      version: '2.1.0',
    });
    expect(readPackageIdentity((await loadFixture('ledger')).files)).toEqual({
      appName: 'Ledger',
      version: '0.0.0',
    });
    expect(readPackageIdentity([], 'folder')).toEqual({ appName: 'folder', version: '0.0.0' });
  });
});
