import { expect, test } from 'vitest';
import { runMutant, type MutationOptions } from '../../src/conformance/index.ts';
import { createMemoryHarness, MEMORY_CAPABILITIES, MEMORY_WITHOUT } from '../fakes/memory-harness.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

test.each(PLANTED_BUGS)('the suite notices it when $name', async ({ bug, traits, actions, red, says }) => {
  const options: MutationOptions = {
    name: 'memory',
    capabilities: MEMORY_CAPABILITIES,
    without: MEMORY_WITHOUT,
    createHarness: () => createMemoryHarness({ bug }),
    adoptionRemoved: () => createMemoryHarness({ adoption: false }),
    waitLimitMs: 2_000,
    traits,
    actions,
  };
  const outcomes = await runMutant(options, null);
  const noticed = outcomes.filter(({ name, failure }) => failure !== null && name.includes(red));
  expect(noticed.map(({ failure }) => failure).join('\n')).toContain(says);
});
