import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHelmYaml, toNumbers, writeHelmJson } from '../../src/helm-yaml/index.ts';
import { DOCUMENTS, SCALARS } from '../fixtures/yaml-scalars.ts';
import { askHelm } from '../kit/helm-reads.ts';

const LIMIT_MS = 120_000;
const SEED = 20_261_128;

/** Where a scalar can stand. */
const PLACES: readonly ((scalar: string) => string)[] = [
  (scalar) => `v: ${scalar}\n`,
  (scalar) => `v:\n- ${scalar}\n`,
  (scalar) => `v: [${scalar}]\n`,
  (scalar) => `v: {k: ${scalar}, l: 1}\n`,
  (scalar) => `v:\n  ${scalar}\n`,
  (scalar) => `${scalar}: v\n`,
];

/** Read differently, or refused, although helm accepts them: forms that should not be written. */
const KNOWN_DIFFERENCES: ReadonlySet<string> = new Set([
  'v: [-]\n',
  'v: {k: -, l: 1}\n',
  'v: [?a]\n',
  'v: [a:]\n',
  'v: {k: a:, l: 1}\n',
  // In a flow collection, lines that begin further left than what it stands in.
  'a: {\nb: 1\n}\n',
  'a: [\n1\n]\n',
  // helm stops at what it does not understand, and says nothing.
  ' a: 1\nb: 2\n',
  '{a: 1} x\n',
]);

function read(document: string): unknown {
  try {
    const value = readHelmYaml(document) ?? {};
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** What is read otherwise than by helm; what helm refuses may be read: helm itself says so then. */
async function listDifferences(documents: readonly string[]): Promise<readonly unknown[]> {
  const answers = await askHelm(documents);
  return documents.flatMap((document, index) => {
    const answer = answers[index] ?? null;
    if (answer === null || KNOWN_DIFFERENCES.has(document)) return [];
    const [helm, ours] = [
      JSON.parse(answer) as unknown,
      JSON.parse(writeHelmJson(toNumbers(read(document)))),
    ];
    return JSON.stringify(sort(helm)) === JSON.stringify(sort(ours)) ? [] : [{ document, helm, ours }];
  });
}

function sort(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sort);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return pairs.map(([key, item]) => [key, sort(item)]);
}

describe('YAML is read as helm reads it', () => {
  it(
    'in every form of a scalar, at every position, and in every kind of document',
    async () => {
      const documents = [...SCALARS.flatMap((scalar) => PLACES.map((place) => place(scalar))), ...DOCUMENTS];
      expect(documents.length).toBeGreaterThan(2_000);
      expect(await listDifferences(documents)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'in everything that a scalar can be',
    async () => {
      const text = fc.string({
        unit: fc.constantFrom(...'0123456789abcdefxoyYnNsTtrue_+-.:eE~ "\'#&*'.split('')),
        minLength: 1,
        maxLength: 9,
      });
      const scalars = fc.sample(text, { seed: SEED, numRuns: 500 });
      const numbers = fc.sample(
        fc.stringMatching(/^[-+]?(0[xob]?)?[0-9_]{1,22}(\.[0-9_]{0,4})?([eE][-+]?[0-9]{1,3})?$/),
        { seed: SEED, numRuns: 500 },
      );
      const documents = [...scalars, ...numbers].flatMap((scalar) => [`v: ${scalar}\n`, `${scalar}: v\n`]);
      expect(await listDifferences(documents)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'and what is written is read by helm as it was',
    async () => {
      const values = fc.sample(fc.dictionary(fc.string({ unit: 'binary', maxLength: 12 }), fc.jsonValue()), {
        seed: SEED,
        numRuns: 500,
      });
      const answers = await askHelm(values.map((value) => writeHelmJson(value)));
      for (const [index, value] of values.entries()) {
        const read = JSON.parse(answers[index] ?? 'null') as unknown;
        expect(sort(read)).toEqual(sort(JSON.parse(JSON.stringify(value))));
      }
    },
    LIMIT_MS,
  );
});
