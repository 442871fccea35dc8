import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { findCommandLines, findFault } from './command-lines.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// What is staged counts; a file that is deleted and not yet committed does not.
const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const pages = tracked.filter((file) => file.endsWith('.md'));

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

describe('the pages', () => {
  it('name only commands and options that exist', () => {
    const lines = pages.flatMap((file) => findCommandLines(read(file)));
    expect(lines.filter((line) => /^(bin\/)?windlass /.test(line)).length).toBeGreaterThan(20);
    expect(lines.map(findFault).filter((fault) => fault !== null)).toEqual([]);
  });

  it('would be caught with a command or an option that is gone', () => {
    const page =
      '```sh\nbin/windlass cluster grow c\nwindlass job list --every --json\n```\nand `windlass fly`';
    const faults = findCommandLines(page).map(findFault);
    expect(faults.filter((fault) => fault !== null)).toEqual([
      'no such command: bin/windlass cluster grow c',
      'no --every: windlass job list --every --json',
      'no such command: windlass fly',
    ]);
  });

  it('name only scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((file) => [...read(file).matchAll(/`?npm run ([a-z:]+)/g)]);
    for (const [, script = ''] of named) expect(Object.keys(scripts)).toContain(script);
  });

  it('link to files that are there', () => {
    const broken = pages.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, target = '']) => join(dirname(file), target))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name every noun of the command line in the README', () => {
    const readme = read('README.md');
    const nouns = COMMANDS.map((entry) => entry.name);
    expect(nouns.filter((noun) => !readme.includes(`windlass ${noun}`))).toEqual([]);
  });
});

describe('the page about security', () => {
  it('names for every guarantee a test that exists', () => {
    const rows = read('docs/security.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (Guarantee|---)/.test(line));
    expect(rows.length).toBeGreaterThan(25);
    for (const row of rows) {
      const named = [...(row.split(' | ').at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      expect(named, row).not.toEqual([]);
      const gone = named.filter((name) => {
        const path = join(ROOT, 'test', name);
        return !existsSync(`${path}.test.ts`) && !existsSync(path);
      });
      expect(gone, row).toEqual([]);
    }
  });
});

describe('the messages', () => {
  it('name only commands that exist', () => {
    const sources = tracked.filter((file) => /^(src|activities|workflows|bin)\/.*\.[jt]s$/.test(file));
    const faults = sources.flatMap((file) =>
      [...read(file).matchAll(/windlass ((?:runtime|app|cluster|job|keys) [a-z]+)\b/g)]
        .map(([, words = '']) => findFault(`windlass ${words}`))
        .filter((fault) => fault !== null)
        .map((fault) => `${file}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });
});

describe('the tracked files', () => {
  const texts = tracked
    .filter((file) => !/\.(png|gz|zip|tgz)$/.test(file))
    .map((file) => ({ file, text: read(file) }));

  it('hold no path of the machine on which they were written', () => {
    const pattern = /(?<![\w.$}])\/(?:home\/[a-z]|root\/|Users\/[A-Za-z]|work\/(?:main|shared)|tmp\/probe)/;
    expect(texts.filter(({ text }) => pattern.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('hold no address from which npm or pip would download', () => {
    const locks = texts.filter(({ file }) => file.endsWith('package-lock.json'));
    expect(locks.length).toBeGreaterThan(0);
    for (const { file, text } of locks) expect(text, file).not.toMatch(/"resolved"|https?:\/\/[^"]*\.tgz/);
    const host = /registry\.(?:npmjs|yarnpkg)|files\.pythonhosted|pypi\.org\/(?:simple|packages)/;
    const own = 'test/architecture/pages.test.ts';
    expect(texts.filter(({ file, text }) => file !== own && host.test(text)).map(({ file }) => file)).toEqual(
      [],
    );
  });
});
