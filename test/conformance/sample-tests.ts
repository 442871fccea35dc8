import { createHash } from 'node:crypto';
import type { SuiteRunner } from '../../src/conformance/index.ts';

/** One test in so many is in the sample. */
const ONE_IN = 3;

type It = SuiteRunner['it'];

/**
 * A runner that takes a sample of a suite's tests, which a seed decides (WINDLASS_TEST_SEED, 1
 * otherwise), and of each group at least one: each call failing after its effect is long where
 * every effect is a real cloud's. `npm run prove -- conformance` sets WINDLASS_WHOLE_SUITE, and
 * all of them run.
 */
export function sampleTests(runner: SuiteRunner): SuiteRunner {
  if (process.env['WINDLASS_WHOLE_SUITE'] === '1') return runner;
  const seed = process.env['WINDLASS_TEST_SEED'] ?? '1';
  let passedOver: Parameters<It>[] = [];
  let taken = 0;
  return {
    ...runner,
    describe: (name, body) =>
      runner.describe(name, () => {
        [passedOver, taken] = [[], 0];
        body();
        const [first] = passedOver;
        // A group without a test is an error to the runner, and proves nothing to us.
        if (taken === 0 && first !== undefined) runner.it(...first);
        // This group is a part of the one around it, which is not empty then.
        [passedOver, taken] = [[], 1];
      }),
    it: (...test) => {
      const [name] = test;
      // Reads of the cloud at the end are not a case of their own.
      if (name.endsWith('leaves the cloud empty') || isChosen(seed, name)) {
        taken += 1;
        runner.it(...test);
      } else {
        passedOver.push(test);
      }
    },
  };
}

/** The same for the cases within one test of a suite. */
export function sampleCases<Case>(cases: readonly Case[], about: string): readonly Case[] {
  if (process.env['WINDLASS_WHOLE_SUITE'] === '1') return cases;
  const seed = process.env['WINDLASS_TEST_SEED'] ?? '1';
  const chosen = cases.filter((given) => isChosen(seed, `${about} ${String(given)}`));
  return chosen.length > 0 ? chosen : cases.slice(0, 1);
}

function isChosen(seed: string, name: string): boolean {
  return createHash('sha256').update(`${seed}\n${name}`).digest().readUInt32BE(0) % ONE_IN === 0;
}
