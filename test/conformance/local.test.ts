import { afterAll, describe, it } from 'vitest';
import { providerSuite } from '../../src/conformance/index.ts';
import { LOCAL_CAPABILITIES } from '../../src/providers/local/index.ts';
import { createLocalHarness } from './local-harness.ts';

providerSuite({
  name: 'local',
  runner: { describe, it, afterAll },
  capabilities: LOCAL_CAPABILITIES,
  createHarness: () => createLocalHarness(),
  waitLimitMs: 20_000,
});
