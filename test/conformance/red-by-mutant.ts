import type { Mutant } from '../../src/conformance/index.ts';

/** Tests that must be among those that go red; without them a mutant was noticed by accident. */
export const RED_BY_MUTANT: Readonly<Record<Mutant, readonly string[]>> = {
  'token-removed': [
    'RunInstances: happens once when it is asked for again and again',
    'RunInstances: is adopted by its token when the first answer was lost',
    'CreateVolumes: happens once although a worker froze too late for its lease to stop it',
    'CreateVolumes: what a worker made before it died is found by its token and deleted',
    'leaves an empty world',
  ],
  'adoption-removed': [
    'RunInstances: what a worker made before it died is found by its token and deleted',
    'CreateVolumes: what a worker made before it died is found by its token and deleted',
    'leaves an empty world',
  ],
  'lease-removed': [
    'RunInstances: a worker that wakes up after another took over fails with LEASE_LOST',
    'CreateVolumes: a worker that wakes up after another took over fails with LEASE_LOST',
  ],
};
