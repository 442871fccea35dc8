import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { buildGoTool, NO_GO } from '../kit/go-tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-go-tools-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('builds confd of the pinned version, once', { timeout: 900_000 }, async (context) => {
  const binary = await buildGoTool({ name: 'confd' });
  if (binary === null) return context.skip(NO_GO);
  expect(execFileSync(binary, ['-version'], { encoding: 'utf8' })).toContain('confd 0.16.0');
  const { mtimeMs } = statSync(binary);
  expect(await buildGoTool({ name: 'confd' })).toBe(binary);
  expect(statSync(binary).mtimeMs).toBe(mtimeMs);
});

it('refuses a module that is not the one in go.sum', { timeout: 900_000 }, async (context) => {
  if ((await buildGoTool({ name: 'confd' })) === null) return context.skip(NO_GO);
  const tools = fileURLToPath(new URL('../kit/tools', import.meta.url));
  cpSync(join(tools, 'confd'), join(folder, 'confd'), { recursive: true });
  const sums = join(folder, 'confd', 'go.sum');
  const changed = readFileSync(sums, 'utf8').replace(
    /^(github\.com\/kelseyhightower\/memkv v0\.1\.1 h1:)....../mu,
    '$1AAAAAA',
  );
  writeFileSync(sums, changed);
  await expect(buildGoTool({ name: 'confd', folder })).rejects.toThrow('checksum mismatch');
});
