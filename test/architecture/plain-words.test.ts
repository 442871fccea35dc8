import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Words that comments, messages and pages of the product do not use, each with the plain term for it. A reader with
 * plain English must understand each sentence at once.
 */
const QUAINT: readonly (readonly [RegExp, string])[] = [
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

it('uses plain words in the sources and the pages', () => {
  const { stdout } = spawnSync('git', ['ls-files', 'src', 'activities', 'workflows', 'bin', 'docs', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = [...new Set(stdout.split('\n'))].filter((path) => /\.(ts|js|md|sh)$/.test(path));
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((path) =>
    readFileSync(ROOT + path, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        QUAINT.filter(([pattern]) => pattern.test(line)).map(
          ([, plain]) => `${path}:${index + 1}: ${line.trim()} → ${plain}`,
        ),
      ),
  );
  expect(found).toEqual([]);
});
