import { expect, test } from 'vitest';
import { expectSuiteRed, runMutant, type MutationOptions } from '../../src/conformance/index.ts';
import { KUBERNETES_CAPABILITIES } from '../../src/providers/kubernetes/index.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { KUBERNETES_WITHOUT, createKubernetesHarness, forgetReleases } from './kubernetes-harness.ts';

const MUTATION_LIMIT_MS = 240_000;
const controlPlane = useControlPlane();

const options: MutationOptions = {
  name: 'kubernetes',
  kind: 'releases',
  capabilities: KUBERNETES_CAPABILITIES,
  without: KUBERNETES_WITHOUT,
  createHarness: () => createKubernetesHarness(controlPlane()),
  adoptionRemoved: () => createKubernetesHarness(controlPlane(), forgetReleases),
  waitLimitMs: 15_000,
  traits: ['idempotent', 'frozen'],
  actions: ['InstallRelease'],
};

test(
  'the suite is green on the kubernetes provider as it is',
  async () => {
    // The mutants' limit is short, because they wait in vain; as it is, the provider has time on a busy machine too.
    const outcomes = await runMutant({ ...options, waitLimitMs: 60_000 }, null);
    expect(outcomes.length).toBeGreaterThan(10);
    expect(outcomes.filter(({ failure }) => failure !== null)).toEqual([]);
  },
  MUTATION_LIMIT_MS,
);

// Which tests must be among those that go red: without them a mutant was noticed by accident.
test.each([
  ['token-removed', ['InstallRelease: is adopted by its token when an answer was lost']],
  ['adoption-removed', ['InstallRelease: is adopted by its token when an answer was lost']],
  [
    'lease-removed',
    ['InstallRelease: a worker that lost its lease while it waited for the budget fails with LEASE_LOST'],
  ],
] as const)(
  'the suite goes red on the kubernetes provider with %s, in the tests that are there for it',
  async (mutant, tests) => {
    const red = await expectSuiteRed(options, mutant);
    for (const name of tests) expect(red.join('\n')).toContain(name);
  },
  MUTATION_LIMIT_MS,
);
