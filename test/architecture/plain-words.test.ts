import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Words that comments, messages and pages of the product do not use, each with the plain term for it. A reader with
 * plain English must understand each sentence at once.
 */
const UNCLEAR: readonly (readonly [RegExp, string])[] = [
  [/\bnobody\b/, 'no user, no worker, no process …'],
  [/\bsomebody\b/, 'a user, another process …'],
  [/\bwhoever\b/, 'the caller, the operator, every user who …'],
  [/\banew\b/, 'again'],
  [/\bmends?\b/, 'fix, repair'],
  [/\blikewise\b/i, 'the same, also'],
  [/\bnevertheless\b/, 'anyway'],
  [/\bin (its|their) stead\b/, 'instead'],
  [/\bof its own accord\b/, 'by itself'],
  [/\bgoes well\b/, 'succeeds'],
  [/\bat rest\b/, 'idle, stored'],
  [/\bwould rather\b/, 'prefers'],
  [/\b(limit|timeout) strikes?\b/, 'the timeout expires'],
  [/\bnext try\b/, 'next attempt'],
  [/\bgoes on by itself\b/, 'continues by itself'],
  [/\bone look\b/, 'one poll'],
  [/\bworld\b/i, 'cloud, resources'],
  [/hydrat/i, 'load'],
  [/[a-z_](Tries|TRIES)\b/, 'attempts'],
];

/**
 * The same for tests, where two of these words are also names: `nobody` is a user of Linux, and `world` is part of
 * test data. So the first counts only after a word that makes it a pronoun, and the second not at all.
 */
const UNCLEAR_IN_TESTS: typeof UNCLEAR = [
  [
    /\b(that|which|where|when|while|if|as|because|and|or|,) (nobody|somebody)\b/,
    'no user, another process …',
  ],
  ...UNCLEAR.filter(([pattern]) => !/body|world/.test(pattern.source)),
  [/\bcomplaints?\b/i, 'problem'],
];

it('uses plain words in the sources and the pages', () => {
  const files = listFiles('src', 'activities', 'workflows', 'bin', 'docs', '*.md');
  expect(files.length).toBeGreaterThan(300);
  expect(findWords(files, UNCLEAR)).toEqual([]);
});

it('uses plain words in the tests and the benchmarks', () => {
  const files = listFiles('test', 'bench', 'deploy', 'examples').filter(
    (path) => !path.includes('plain-words') && !path.startsWith('test/replay/histories/'),
  );
  expect(files.length).toBeGreaterThan(300);
  expect(findWords(files, UNCLEAR_IN_TESTS)).toEqual([]);
});

function listFiles(...paths: readonly string[]): readonly string[] {
  const { stdout } = spawnSync('git', ['ls-files', ...paths], { cwd: ROOT, encoding: 'utf8' });
  return [...new Set(stdout.split('\n'))].filter((path) => /\.(ts|js|md|sh|py|go|mjs)$/.test(path));
}

function findWords(files: readonly string[], words: typeof UNCLEAR): readonly string[] {
  return files.flatMap((path) =>
    readFileSync(ROOT + path, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        words
          .filter(([pattern]) => pattern.test(line))
          .map(([, plain]) => `${path}:${index + 1}: ${line.trim()} → ${plain}`),
      ),
  );
}
