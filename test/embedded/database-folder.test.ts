import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  checkDatabaseFolder,
  databaseDamaged,
  markUnfinished,
  unmarkUnfinished,
} from '../../src/embedded/database-folder.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'windlass-pgfolder-')), 'postgres');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

test('an absent, an empty and a whole folder are taken', () => {
  expect(() => checkDatabaseFolder(folder)).not.toThrow();
  mkdirSync(folder);
  expect(() => checkDatabaseFolder(folder)).not.toThrow();
  writeFileSync(join(folder, 'PG_VERSION'), '17');
  expect(() => checkDatabaseFolder(folder)).not.toThrow();
});

test('a file in its place, and a folder whose PG_VERSION is gone, are refused and left', () => {
  writeFileSync(folder, 'text');
  expect(() => checkDatabaseFolder(folder)).toThrow(expect.objectContaining({ code: 'DATABASE_DAMAGED' }));
  rmSync(folder);
  mkdirSync(join(folder, 'base'), { recursive: true });
  expect(() => checkDatabaseFolder(folder)).toThrow(expect.objectContaining({ code: 'DATABASE_DAMAGED' }));
  expect(existsSync(join(folder, 'base'))).toBe(true);
});

test('an unfinished database of an interrupted first start is made again; a whole one never is', () => {
  markUnfinished(folder);
  mkdirSync(join(folder, 'base'), { recursive: true });
  checkDatabaseFolder(folder);
  expect(existsSync(folder)).toBe(false);

  mkdirSync(folder);
  writeFileSync(join(folder, 'PG_VERSION'), '17');
  unmarkUnfinished(folder);
  markUnfinished(folder);
  checkDatabaseFolder(folder);
  expect(existsSync(join(folder, 'PG_VERSION'))).toBe(true);
});

test('a folder that cannot be written is said to be that', (context) => {
  if (process.getuid?.() === 0) {
    const refused = Object.assign(new Error('refused'), { code: 'EROFS' });
    expect(databaseDamaged(folder, refused)).toMatchObject({
      kind: 'permission',
      code: 'FOLDER_NOT_WRITABLE',
    });
    return;
  }
  if (process.platform === 'win32') context.skip('modes mean nothing there');
  mkdirSync(folder, { mode: 0o500 });
  chmodSync(folder, 0o500);
  expect(() => checkDatabaseFolder(folder)).toThrow(
    expect.objectContaining({ kind: 'permission', code: 'FOLDER_NOT_WRITABLE' }),
  );
});

test('a full disk is said to be that', () => {
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  expect(databaseDamaged(folder, full)).toMatchObject({ kind: 'quota', code: 'DISK_FULL' });
});
