import { afterAll, describe, it } from 'vitest';
import { providerSuite } from '../../src/conformance/index.ts';
import { LOCAL_FEATURES } from '../../src/providers/local/index.ts';
import { vmCapabilities } from '../../src/vm/index.ts';
import { LOCAL_WITHOUT, createLocalHarness } from './local-harness.ts';

// In two files, so that the two runs are parallel: its machines are real processes.
providerSuite({
  name: 'local',
  runner: { describe, it, afterAll },
  capabilities: vmCapabilities(LOCAL_FEATURES),
  without: LOCAL_WITHOUT,
  createHarness: () => createLocalHarness(),
  // Beside other tests; a call that ignores its signal continues for 20 s.
  cancelLimitMs: 15_000,
  runs: ['failing'],
});
