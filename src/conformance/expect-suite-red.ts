import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError, type TaskAction } from '../domain/index.ts';
import { removeBudget, removeLease, removeToken, reverseOrder, type Mutant } from './mutants.ts';
import type { ConformanceHarness, SuiteOptions, SuiteRunner, Trait } from './options.ts';
import { registerRun, type SuiteRun } from './provider-suite.ts';

const TEST_LIMIT_MS = 60_000;

/** A suite that must be shown to find bugs. */
export interface MutationOptions extends Omit<SuiteOptions, 'runner'> {
  /**
   * A harness whose provider finds no existing resource when it searches for a token. That is inside the
   * provider, so only its author can plant it.
   */
  adoptionRemoved(): Promise<ConformanceHarness>;
  /** The traits to run against a mutant; by default those that can notice it. */
  readonly traits?: readonly Trait[];
  /** The operations to run against a mutant; all by default. */
  readonly actions?: readonly TaskAction[];
}

/** How one test of a run ended. */
export interface TestOutcome {
  /** Names of the groups and of the test, joined by ` > `. */
  readonly name: string;
  /** Null when it passed. */
  readonly failure: string | null;
}

const TRAITS_WITH_TEETH: readonly Trait[] = ['idempotent', 'frozen', 'nothing-left'];

/** Traits that can notice a mutant. The budget needs a cloud that counts requests (`countRequests`). */
function chooseTraits(mutant: Mutant | null): readonly Trait[] {
  return mutant === 'budget-removed' ? ['budgeted'] : TRAITS_WITH_TEETH;
}

/**
 * Runs the suite against a mutant of the provider and returns the names of the tests that failed.
 *
 * @throws internal `SUITE_WITHOUT_TEETH` when none did.
 */
export async function expectSuiteRed(options: MutationOptions, mutant: Mutant): Promise<readonly string[]> {
  const outcomes = await runMutant(options, mutant);
  const red = outcomes.filter((outcome) => outcome.failure !== null).map((outcome) => outcome.name);
  if (red.length > 0) return red;
  throw new WindlassError(
    'internal',
    `all ${outcomes.length} tests of the suite pass against ${options.name} with ${mutant}`,
    {
      code: 'SUITE_WITHOUT_TEETH',
      hint: 'the mutant has no effect in this harness, or the suite cannot notice it',
    },
  );
}

/** Runs the suite against a mutant; `null` is the provider itself. */
export async function runMutant(
  options: MutationOptions,
  mutant: Mutant | null,
): Promise<readonly TestOutcome[]> {
  const { runner, runAll } = createCollectingRunner();
  const createHarness = mutant === 'adoption-removed' ? options.adoptionRemoved : options.createHarness;
  registerRun(
    { ...options, runner, createHarness: () => createHarness.call(options) },
    {
      title: `${options.name} provider${mutant === null ? '' : `, ${mutant}`}`,
      wrap: chooseWrap(mutant),
      traits: options.traits ?? chooseTraits(mutant),
      ...(options.actions === undefined ? {} : { actions: options.actions }),
    },
  );
  return runAll();
}

function chooseWrap(mutant: Mutant | null): SuiteRun['wrap'] {
  if (mutant === 'token-removed') return removeToken;
  if (mutant === 'lease-removed') return removeLease;
  if (mutant === 'lease-before-budget') return reverseOrder;
  if (mutant === 'budget-removed') return removeBudget;
  return (provider) => provider;
}

function createCollectingRunner() {
  const groups: string[] = [];
  const tests: { readonly name: string; readonly body: () => Promise<void> }[] = [];
  const endings: (() => Promise<void>)[] = [];
  const runner: SuiteRunner = {
    describe(name, body) {
      groups.push(name);
      body();
      groups.pop();
    },
    it: (name, body) => tests.push({ name: [...groups, name].join(' > '), body }),
    afterAll: (body) => endings.push(body),
  };

  async function runAll(): Promise<readonly TestOutcome[]> {
    const outcomes: TestOutcome[] = [];
    try {
      for (const { name, body } of tests) outcomes.push({ name, failure: await findFailure(body) });
    } finally {
      for (const ending of endings) await ending();
    }
    return outcomes;
  }

  return { runner, runAll };
}

async function findFailure(body: () => Promise<void>): Promise<string | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      body().then(() => null),
      // A mutant may wait forever; background work ends with its cloud.
      sleep(TEST_LIMIT_MS, 'the test does not end', { signal: timer.signal }),
    ]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.abort();
  }
}
