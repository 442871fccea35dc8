import { beforeAll, expect, test } from 'vitest';
import { expectSuiteRed, runMutant, type MutationOptions } from '../../src/conformance/index.ts';
import { AWS_FEATURES } from '../../src/providers/aws/index.ts';
import { vmCapabilities } from '../../src/vm/index.ts';
import { installMoto } from '../kit/moto/index.ts';
import { createAwsHarness } from './aws-harness.ts';

const MUTATION_LIMIT_MS = 300_000;

beforeAll(installMoto, 600_000);

const options: MutationOptions = {
  name: 'aws',
  capabilities: vmCapabilities(AWS_FEATURES),
  createHarness: () => createAwsHarness(),
  adoptionRemoved: () => createAwsHarness({ blind: true }),
  waitLimitMs: 2_000,
  actions: ['CreateVolumes', 'RunInstances'],
};

test(
  'the suite is green on the aws provider as it is',
  async () => {
    // The mutants' limit is short, because they wait in vain; as it is, the provider has time on a busy machine too.
    const outcomes = await runMutant({ ...options, waitLimitMs: 30_000 }, null);
    expect(outcomes.length).toBeGreaterThan(20);
    expect(outcomes.filter(({ failure }) => failure !== null)).toEqual([]);
  },
  MUTATION_LIMIT_MS,
);

// Which tests must be among those that go red: without them a mutant was noticed by accident.
test.each([
  [
    'token-removed',
    [
      'RunInstances: is adopted by its token when an answer was lost',
      'CreateVolumes: is adopted by its token when an answer was lost',
      'RunInstances: happens once although a worker froze too late for its lease to stop it',
      'CreateVolumes: happens once although a worker froze too late for its lease to stop it',
    ],
  ],
  [
    // EC2's client token still makes one of two; without the tag it is never found again.
    'adoption-removed',
    [
      'RunInstances: what a worker made before it died is found by its token and deleted',
      'CreateVolumes: what a worker made before it died is found by its token and deleted',
      'leaves the cloud empty',
    ],
  ],
  [
    'lease-removed',
    [
      'RunInstances: a worker that lost its lease while it waited for the budget fails with LEASE_LOST',
      'CreateVolumes: a worker that lost its lease while it waited for the budget fails with LEASE_LOST',
    ],
  ],
  ['budget-removed', ['every function: sends each request to the cloud within the budget of calls']],
] as const)(
  'the suite goes red on the aws provider with %s, in the tests that are there for it',
  async (mutant, tests) => {
    const red = await expectSuiteRed(options, mutant);
    for (const name of tests) expect(red.join('\n')).toContain(name);
  },
  MUTATION_LIMIT_MS,
);
