import { afterAll, describe, it } from 'vitest';
import { providerSuite } from '../../src/conformance/index.ts';
import { KUBERNETES_CAPABILITIES } from '../../src/providers/kubernetes/index.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { KUBERNETES_WITHOUT, createKubernetesHarness } from './kubernetes-harness.ts';
import { sampleTests } from './sample-tests.ts';

const controlPlane = useControlPlane();

// In two files, so that the two runs are parallel: helm is a process for each change.
providerSuite({
  name: 'kubernetes',
  kind: 'releases',
  runner: sampleTests({ describe, it: (name, body) => it(name, body, 120_000), afterAll }),
  capabilities: KUBERNETES_CAPABILITIES,
  without: KUBERNETES_WITHOUT,
  createHarness: () => createKubernetesHarness(controlPlane()),
  // Beside other tests; a call that ignores its signal continues for 20 s.
  cancelLimitMs: 15_000,
  runs: ['failing'],
  waitLimitMs: 60_000,
});
