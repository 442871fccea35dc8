import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimPrivateFolder } from '../../../src/config/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-private-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;
const claim = (path: string) => claimPrivateFolder(path, 'WINDLASS_HOME');

test('a folder that is made can be entered by its owner alone, its parents too', () => {
  const home = join(folder, 'new/deep/home');
  expect(claim(home)).toBeNull();
  expect([modeOf(home), modeOf(join(folder, 'new/deep')), modeOf(join(folder, 'new'))]).toEqual([
    0o700, 0o700, 0o700,
  ]);
});

test.each([0o755, 0o777, 0o750, 0o770, 0o701, 0o710, 0o1777, 0o2775])(
  'a folder of mode %o is closed, and its old mode told',
  (mode) => {
    const home = join(folder, 'home');
    mkdirSync(home);
    chmodSync(home, mode);
    expect(claim(home)).toBe(mode.toString(8).padStart(4, '0'));
    expect(modeOf(home) & 0o077).toBe(0);
    expect(claim(home)).toBeNull();
  },
);

test('a link is refused, wherever it leads, and nothing behind it changes', () => {
  mkdirSync(join(folder, 'elsewhere'));
  chmodSync(join(folder, 'elsewhere'), 0o755);
  for (const target of [join(folder, 'elsewhere'), join(folder, 'nowhere')]) {
    const link = join(folder, `link-to-${target.split('/').at(-1)}`);
    symlinkSync(target, link);
    expect(() => claim(link)).toThrow(
      expect.objectContaining({
        code: 'FOLDER_UNSAFE',
        kind: 'permission',
        hint: expect.stringContaining(folder),
      }),
    );
  }
  expect(modeOf(join(folder, 'elsewhere'))).toBe(0o755);
});

test('a file in its place is refused', () => {
  writeFileSync(join(folder, 'home'), '');
  expect(() => claim(join(folder, 'home'))).toThrow(expect.objectContaining({ code: 'FOLDER_UNSAFE' }));
  expect(() => claim(join(folder, 'home/below'))).toThrow(
    expect.objectContaining({ code: 'FOLDER_NOT_WRITABLE' }),
  );
});

test.each([
  [0o777, 'chmod o-w'],
  [0o757, 'chmod o-w'],
])('a folder below one of mode %o is refused with the command that fixes it', (mode, command) => {
  const home = join(folder, 'shared/mine/home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chmodSync(join(folder, 'shared'), mode);
  expect(() => claim(home)).toThrow(
    expect.objectContaining({ code: 'FOLDER_UNSAFE', hint: expect.stringContaining(`${command} `) }),
  );
  chmodSync(join(folder, 'shared'), 0o1777);
  expect(claim(home)).toBeNull();
});

test('a folder of another user is refused, and so is one below a folder that another group can write', (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can give a folder away');
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, 65_534, 65_534);
  expect(() => claim(home)).toThrow(
    expect.objectContaining({ code: 'FOLDER_UNSAFE', hint: expect.stringContaining('chown') }),
  );
  chownSync(home, 0, 0);
  chmodSync(folder, 0o770);
  expect(claim(home)).toBeNull();
  chownSync(folder, 0, 65_534);
  expect(() => claim(home)).toThrow(
    expect.objectContaining({ code: 'FOLDER_UNSAFE', hint: expect.stringContaining('chmod g-w') }),
  );
});
