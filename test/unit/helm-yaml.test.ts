import { describe, expect, it } from 'vitest';
import { HelmYamlError, readHelmYaml, splitDocuments } from '../../src/helm-yaml/index.ts';

const LIMIT_MS = 5_000;

/** Ten anchors, each of which names the one before ten times. */
const LAUGHS = Array.from({ length: 10 }, (_, index) =>
  index === 0 ? 'a0: &a0 x' : `a${index}: &a${index} [${`*a${index - 1}, `.repeat(10)}]`,
).join('\n');
const MERGES = Array.from({ length: 12 }, (_, index) =>
  index === 0 ? 'a0: &a0 {x: 1}' : `a${index}: &a${index} {<<: [${`*a${index - 1}, `.repeat(10)}]}`,
).join('\n');

describe('YAML that would take a reader its time or its stack', () => {
  it.each<[string, string]>([
    ['aliases of aliases', LAUGHS],
    ['merges of merges', MERGES],
    ['brackets', `a: ${'['.repeat(100_000)}`],
    ['closed brackets', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['deep blocks', Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['an anchor in itself', 'a: &a [*a]'],
  ])('is refused at once: %s', (_what, text) => {
    const startedAt = Date.now();
    expect(() => readHelmYaml(text)).toThrow(HelmYamlError);
    expect(Date.now() - startedAt).toBeLessThan(LIMIT_MS);
  });
});

it('a stream is taken apart, and together it is what it was', () => {
  const stream = '# a\n---\r\nx: |\n  ---\n--- # c\n---{}\n---';
  const parts = splitDocuments(stream);
  expect(parts.map(({ text }) => text)).toEqual(['# a\n', '\r\nx: |\n  ---\n', '# c\n', '{}\n', '']);
  expect(parts.map(({ separator, text }) => separator + text).join('')).toBe(stream);
});
