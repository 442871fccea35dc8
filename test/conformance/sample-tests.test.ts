import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleCases, sampleTests } from './sample-tests.ts';

interface Group {
  readonly name: string;
  readonly tests: string[];
}

/** What a suite of three groups leaves when it is sampled. */
function sampleSuite(): readonly Group[] {
  const groups: Group[] = [];
  const runner = sampleTests({
    describe: (name, body) => {
      groups.push({ name, tests: [] });
      body();
    },
    it: (name) => groups.at(-1)?.tests.push(name),
    afterAll: () => undefined,
  });
  for (const [name, size] of [
    ['many', 300],
    ['one', 1],
    ['another', 1],
    ['last', 1],
  ] as const) {
    runner.describe(name, () => {
      for (let test = 0; test < size; test += 1) runner.it(`${name} ${test}`, async () => undefined);
    });
  }
  return groups;
}

describe('a sample of a suite', () => {
  const before = { ...process.env };
  beforeEach(() => {
    delete process.env['WINDLASS_WHOLE_SUITE'];
  });
  afterEach(() => {
    process.env = { ...before };
  });

  it('has about a third of the tests, and of each group at least one', () => {
    const [many, ...small] = sampleSuite();
    expect(many?.tests.length).toBeGreaterThan(60);
    expect(many?.tests.length).toBeLessThan(140);
    expect(small.map(({ tests }) => tests.length)).toEqual([1, 1, 1]);
  });

  it('is another under another seed, and the same under the same', () => {
    process.env['WINDLASS_TEST_SEED'] = '7';
    const seventh = sampleSuite();
    expect(sampleSuite()).toEqual(seventh);
    process.env['WINDLASS_TEST_SEED'] = '8';
    expect(sampleSuite()).not.toEqual(seventh);
  });

  it('of cases within a test has at least one, and all of them when that is asked for', () => {
    const cases = Array.from({ length: 300 }, (_, index) => index);
    expect(sampleCases(cases, 'many').length).toBeLessThan(140);
    for (const about of ['one', 'another', 'last']) expect(sampleCases([4], about)).toEqual([4]);
    process.env['WINDLASS_WHOLE_SUITE'] = '1';
    expect(sampleCases(cases, 'many')).toEqual(cases);
  });

  it('is the whole suite when that is asked for', () => {
    process.env['WINDLASS_WHOLE_SUITE'] = '1';
    expect(sampleSuite().map(({ tests }) => tests.length)).toEqual([300, 1, 1, 1]);
  });
});
