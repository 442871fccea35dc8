import { afterAll, describe, it } from 'vitest';
import { providerSuite } from '../../src/conformance/index.ts';
import { createMemoryHarness, MEMORY_CAPABILITIES, MEMORY_WITHOUT } from '../fakes/memory-harness.ts';

// The suite on itself: a provider that is known to be careful must pass.
providerSuite({
  name: 'memory',
  runner: { describe, it, afterAll },
  capabilities: MEMORY_CAPABILITIES,
  without: MEMORY_WITHOUT,
  createHarness: () => createMemoryHarness(),
  waitLimitMs: 5_000,
});
