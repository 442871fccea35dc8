import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { providerSuite, TRAITS, type CloudKind } from '../../src/conformance/index.ts';
import { createMemoryHarness, MEMORY_CAPABILITIES, MEMORY_WITHOUT } from '../fakes/memory-harness.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUIDE = readFileSync(join(ROOT, 'docs/providers.md'), 'utf8');

/** Ids of the rules and the traits that hold them, by the guide's table. */
const RULES = new Map(
  [...GUIDE.matchAll(/^\| (R\d+) +\|.*\|([^|]+)\|$/gm)].map(([, id = '', traits = '']) => [
    id,
    [...traits.matchAll(/`([a-z-]+)`/g)].map(([, trait]) => trait),
  ]),
);

interface SuiteTest {
  readonly trait: string;
  readonly name: string;
  /** The rules that its name begins with. */
  readonly rules: readonly string[];
}

/** What the suite registers for a cloud of a kind; nothing of it runs. */
function listSuite(kind: CloudKind): readonly SuiteTest[] {
  const groups: string[] = [];
  const tests: SuiteTest[] = [];
  providerSuite({
    name: 'listed',
    kind,
    capabilities: MEMORY_CAPABILITIES,
    without: MEMORY_WITHOUT,
    createHarness: () => createMemoryHarness(),
    runs: ['plain'],
    runner: {
      describe(name, body) {
        groups.push(name);
        body();
        groups.pop();
      },
      it: (name) =>
        tests.push({
          trait: groups.at(-1) ?? '',
          name,
          rules: /^(R\d+ )*/.exec(name)?.[0].match(/R\d+/g) ?? [],
        }),
      afterAll: () => undefined,
    },
  });
  return tests;
}

const TESTS = (['machines', 'releases'] as const).flatMap(listSuite);

describe('the rules of the contract', () => {
  it('are R1 to R12 in the guide', () => {
    expect([...RULES.keys()]).toEqual(Array.from({ length: 12 }, (_, index) => `R${index + 1}`));
  });

  it('each stand in the name of a test of the suite, for machines and for releases', () => {
    for (const kind of ['machines', 'releases'] as const) {
      const held = new Set(listSuite(kind).flatMap(({ rules }) => rules));
      expect([...RULES.keys()].filter((id) => !held.has(id))).toEqual([]);
    }
  });

  it('are held by those traits that the guide names, and no others', () => {
    for (const [id, traits] of RULES) {
      const holding = new Set(TESTS.filter(({ rules }) => rules.includes(id)).map(({ trait }) => trait));
      const sorted = TRAITS.filter((trait) => holding.has(trait));
      expect(`${id}: ${[...traits].sort().join(', ')}`).toBe(`${id}: ${sorted.sort().join(', ')}`);
    }
  });

  it('stand before every test of the suite but those of purity and of what a read answers', () => {
    const without = TESTS.filter(({ rules }) => rules.length === 0);
    const other = without.filter(
      ({ trait, name }) =>
        trait !== 'pure' && !/^[a-z]\w+: (works and changes|answers the same)|^left out: /.test(name),
    );
    expect(other).toEqual([]);
  });

  it('stand in the doc comments of the contract, each of them', () => {
    const contract = readAll('src/provider/*.ts');
    expect([...RULES.keys()].filter((id) => !new RegExp(`\\b${id}\\b`).test(contract))).toEqual([]);
  });

  it('are the only ones that anything names', () => {
    const named = readAll(
      '{src,activities,workflows}/**/*.ts',
      'test/conformance/**/*.ts',
      'docs/providers.md',
    );
    const ids = new Set(named.match(/\bR\d+\b/g));
    expect([...ids].filter((id) => !RULES.has(id))).toEqual([]);
  });
});

function readAll(...patterns: readonly string[]): string {
  return globSync([...patterns], { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
}
