import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { providerSuite } from '../../src/conformance/index.ts';
import { AWS_FEATURES } from '../../src/providers/aws/index.ts';
import { vmCapabilities } from '../../src/vm/index.ts';
import { installMoto } from '../kit/moto/index.ts';
import { createAwsHarness } from './aws-harness.ts';
import { sampleTests } from './sample-tests.ts';

// The first test starts an EC2, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });
beforeAll(installMoto, 600_000);

// In two files, so that the two runs are parallel: each has an EC2 of its own.
providerSuite({
  name: 'aws',
  runner: sampleTests({ describe, it, afterAll }),
  capabilities: vmCapabilities(AWS_FEATURES),
  createHarness: () => createAwsHarness(),
  // Beside other tests; a call that ignores its signal continues for 20 s.
  cancelLimitMs: 15_000,
  runs: ['failing'],
});
