import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT_OF_KIND } from '../../src/cli/exit-codes.ts';
import { ERROR_KINDS, RETRY_TABLE } from '../../src/domain/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const codeRows = rows.filter(([, name]) => /^`[A-Z]/.test(name ?? ''));

describe('docs/errors.md', () => {
  it('names no code that is gone, and none twice', () => {
    const sources = ['src', 'activities', 'workflows', 'bin'].map(readSources).join('\n');
    const codes = codeRows.map(([, code = '']) => code.replaceAll('`', ''));
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  });

  it('gives each code one or more of the closed kinds, a reason and a way out', () => {
    const kinds = new Set<string>(ERROR_KINDS);
    for (const [, code = '', kind = '', when = '', remedy = ''] of codeRows) {
      for (const one of kind.split(', ')) expect(kinds, code).toContain(one);
      expect(when, code).not.toBe('');
      expect(remedy, code).not.toBe('');
    }
  });

  it('says of every kind how it is retried and what the command exits with', () => {
    for (const kind of ERROR_KINDS) {
      const row = rows.find(([, name]) => name === `\`${kind}\``);
      expect(row?.[4], kind).toBe(String(EXIT_OF_KIND[kind]));
      expect(row?.[3]?.startsWith('no') ?? false, kind).toBe(!RETRY_TABLE[kind].retried);
    }
  });
});

function readSources(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
    .concat(folder === 'bin' ? readFileSync(join(ROOT, 'bin/windlass'), 'utf8') : '')
    .join('\n');
}
