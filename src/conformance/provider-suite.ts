import assert from 'node:assert/strict';
import type { TaskAction } from '../domain/index.ts';
import { refuseWhenCancelled, type Provider } from '../provider/index.ts';
import { openBench, WAIT_LIMIT_MS, type Bench } from './bench.ts';
import { CLOUD_LIVES } from './cloud-life.ts';
import { failAfterEffect } from './fail-after-effect.ts';
import { TRAITS, type ConformanceHarness, type SuiteOptions, type Trait } from './options.ts';
import { READS } from './reads.ts';
import type { TraitContext } from './trait-context.ts';
import { budgeted } from './traits/budgeted.ts';
import { cancellable } from './traits/cancellable.ts';
import { capabilities } from './traits/capabilities.ts';
import { errors } from './traits/errors.ts';
import { frozen } from './traits/frozen.ts';
import { idempotent } from './traits/idempotent.ts';
import { lostNode } from './traits/lost-node.ts';
import { nothingLeft } from './traits/nothing-left.ts';
import { pure } from './traits/pure.ts';
import { refused } from './traits/refused.ts';
import { secrets } from './traits/secrets.ts';
import { wholeJobs } from './traits/whole-jobs.ts';
import { works } from './traits/works.ts';
import { createTranscript } from './transcript.ts';
import { watchOutput, type WatchedOutput } from './watch-output.ts';

const CANCEL_LIMIT_MS = 1_000;

const REGISTER: Readonly<Record<Trait, (context: TraitContext) => void>> = {
  pure,
  capabilities,
  works,
  budgeted,
  idempotent,
  frozen,
  cancellable,
  errors,
  refused,
  'nothing-left': nothingLeft,
  'lost-node': lostNode,
  'whole-jobs': wholeJobs,
  secrets,
};

/**
 * Registers the whole suite for one provider: every function with every trait, plain and again with each
 * call failing once after its effect. Only `capabilities` decide what is left out; there is no list of
 * exceptions.
 */
export function providerSuite(options: SuiteOptions): void {
  const { name, runs = ['plain', 'failing'] } = options;
  if (runs.includes('plain'))
    registerRun(options, { title: `${name} provider`, wrap: (provider) => provider });
  if (runs.includes('failing')) {
    registerRun(options, {
      title: `${name} provider, each call failing after its effect`,
      wrap: failAfterEffect,
      // A refusal ends its call: what would fail after it is not reached.
      traits: TRAITS.filter((trait) => trait !== 'refused'),
    });
  }
}

/** One run of the suite. */
export interface SuiteRun {
  readonly title: string;
  /** Makes the provider under test from the harness's. */
  wrap(provider: Provider): Provider;
  /** All by default. */
  readonly traits?: readonly Trait[];
  /** All by default. */
  readonly actions?: readonly TaskAction[];
}

/** Registers one run: the traits of `run`, in a cloud that all its tests share. */
export function registerRun(options: SuiteOptions, run: SuiteRun): void {
  const { runner } = options;
  runner.describe(run.title, () => {
    const harness = createSharedHarness(options, run);
    const ofMachines = (options.kind ?? 'machines') === 'machines';
    for (const trait of run.traits ?? TRAITS) {
      // A lost release is made again from its chart and conf: its row holds no sizes.
      if (trait === 'lost-node' && !ofMachines) continue;
      runner.describe(trait, () => REGISTER[trait](harness.context));
    }
    runner.it('R6 leaves the cloud empty', () => harness.assertEmpty());
    for (const [part, reason] of Object.entries(options.without ?? {}))
      runner.it(`left out: ${part}, because ${reason}`, async () => undefined);
    runner.afterAll(() => harness.dispose());
  });
}

function createSharedHarness(options: SuiteOptions, run: SuiteRun) {
  const {
    runner,
    capabilities: announced,
    waitLimitMs = WAIT_LIMIT_MS,
    cancelLimitMs = CANCEL_LIMIT_MS,
  } = options;
  const life = CLOUD_LIVES[options.kind ?? 'machines'];
  const transcript = createTranscript([]);
  let shared: Promise<ConformanceHarness> | null = null;
  let output: WatchedOutput | null = null;

  async function createHarness(): Promise<ConformanceHarness> {
    output ??= watchOutput();
    const harness = await options.createHarness();
    for (const secret of harness.plantedSecrets) transcript.plant(secret);
    return harness;
  }

  function open(harness: ConformanceHarness): Promise<Bench> {
    const provider = refuseWhenCancelled(run.wrap(harness.provider));
    return openBench({ harness, provider, transcript, waitLimitMs, life });
  }

  const withBench: TraitContext['withBench'] = async (body) => {
    shared ??= createHarness();
    const bench = await open(await shared);
    await body(bench);
    await bench.deleteAll();
  };

  const context: TraitContext = {
    it: (name, body) => runner.it(name, body),
    capabilities: announced,
    life,
    operations: life.operations.filter(
      ({ action, needsVolumes }) =>
        (announced.volumes || !needsVolumes) && (run.actions === undefined || run.actions.includes(action)),
    ),
    reads: READS,
    waitLimitMs,
    cancelLimitMs,
    transcript,
    readOutput: () => output?.text() ?? '',
    choose: options.choose ?? ((cases) => cases),
    optional(part, value) {
      if (options.without?.[part] !== undefined) return undefined;
      assert.ok(
        value !== undefined,
        `the harness has no ${part}: add it, or say in \`without\` why this cloud cannot have it`,
      );
      return value;
    },
    withBench,
    async withBenchApart(body) {
      const harness = await createHarness();
      try {
        await body(await open(harness));
      } finally {
        await harness.dispose();
      }
    },
  };

  return {
    context,
    async assertEmpty(): Promise<void> {
      const left = (await (await shared)?.cloud.list()) ?? [];
      assert.deepEqual(
        left.map(({ kind, id, token }) => `${kind} ${id} of ${token}`),
        [],
      );
    },
    async dispose(): Promise<void> {
      await (await shared)?.dispose();
      shared = null;
      output?.stop();
      output = null;
    },
  };
}
