import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { makeTemporaryFolder, sweepTemporaryFolders } from '../../src/tools/index.ts';

const MODULE = fileURLToPath(new URL('../../src/tools/temporary-folder.ts', import.meta.url));
const PURPOSE = 'sweeptest';

test('what a killed process has left is closed to others, and gone with the next sweep; a living one’s stays', async () => {
  const source = `
    import { makeTemporaryFolder } from ${JSON.stringify(MODULE)};
    console.log(await makeTemporaryFolder('${PURPOSE}'));
    setInterval(() => {}, 1000);
  `;
  const other = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(other.stdout.setEncoding('utf8'), 'data')) as [string];
  const left = line.trim();
  const own = await makeTemporaryFolder(PURPOSE);
  const strange = mkdtempSync(join(tmpdir(), `windlass-${PURPOSE}-of-somebody-`));
  onTestFinished(() => {
    other.kill('SIGKILL');
    for (const folder of [left, own, strange]) rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(left, 'kubeconfig'), 'planted');
  expect(lstatSync(left).mode & 0o077).toBe(0);
  sweepTemporaryFolders(PURPOSE);
  expect(existsSync(left)).toBe(true);

  other.kill('SIGKILL');
  await once(other, 'exit');
  sweepTemporaryFolders(PURPOSE);
  expect([left, own, strange].map((folder) => existsSync(folder))).toEqual([false, true, true]);
  expect(basename(own)).toMatch(/^windlass-sweeptest-\d+-\d*-\w*-\w+$/);
});
