import { expect, test } from 'vitest';
import { expectSuiteRed, MUTANTS, runMutant, type MutationOptions } from '../../src/conformance/index.ts';
import { createMemoryHarness, MEMORY_CAPABILITIES } from '../fakes/memory-harness.ts';
import { RED_BY_MUTANT } from './red-by-mutant.ts';

const options: MutationOptions = {
  name: 'memory',
  capabilities: MEMORY_CAPABILITIES,
  createHarness: () => createMemoryHarness(),
  adoptionRemoved: () => createMemoryHarness({ adoption: false }),
  waitLimitMs: 300,
  actions: ['CreateVolumes', 'RunInstances', 'StartInstances'],
};

test('the suite is green on the provider as it is', async () => {
  const outcomes = await runMutant(options, null);
  expect(outcomes.length).toBeGreaterThan(30);
  expect(outcomes.filter(({ failure }) => failure !== null)).toEqual([]);
});

test.each(MUTANTS)('the suite goes red when %s, in the tests that are there for it', async (mutant) => {
  const red = await expectSuiteRed(options, mutant);
  for (const name of RED_BY_MUTANT[mutant]) expect(red.join('\n')).toContain(name);
});
