import { expect, test } from 'vitest';
import { openBench } from '../../src/conformance/bench.ts';
import { OPERATIONS } from '../../src/conformance/operations.ts';
import type { TaskAction } from '../../src/domain/index.ts';
import { createLiveHarness, findLiveAccount } from './live-harness.ts';
import { createTestCall } from '../kit/test-calls.ts';

const LIMIT_MS = 30 * 60_000;
const WAIT_LIMIT_MS = 10 * 60_000;
const LIFE: readonly TaskAction[] = [
  'CreateVolumes',
  'RunInstances',
  'AttachVolumes',
  'StopInstances',
  'DetachVolumes',
  'ResizeInstances',
  'ResizeVolumes',
  'StartInstances',
];

test(
  'a node of the real AWS lives through every pair, and nothing of it is left',
  { timeout: LIMIT_MS },
  async (context) => {
    const account = findLiveAccount(process.env);
    if (account === null) return context.skip('no account of AWS is named (WINDLASS_TEST_AWS_ZONE)');
    const harness = createLiveHarness(account);
    const { provider, runtime, credential } = harness;
    const { url, zone, settings } = runtime;
    expect(
      await provider.validateCredential({ url, zone, settings, credential }, createTestCall()),
    ).toMatchObject({
      region: account.region,
    });
    const bench = await openBench({ harness, waitLimitMs: WAIT_LIMIT_MS });
    try {
      for (const action of LIFE) {
        await bench.engine.run(bench.task(action));
        const operation = OPERATIONS.find((candidate) => candidate.action === action);
        if (operation !== undefined) await bench.assertHolds(operation);
      }
    } finally {
      await bench.deleteAll();
      await harness.dispose();
    }
  },
);
