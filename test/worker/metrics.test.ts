import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../../src/embedded/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

let stack: TestStack;
let address: string;

beforeAll(async () => {
  stack = await startStack({ database: 'pglite' });
  address = `127.0.0.1:${await findFreePort()}`;
  await stack.startWorker({ WINDLASS_METRICS_ADDRESS: address });
}, 120_000);

afterAll(() => stack.stop());

test('a worker serves its metrics where it is told to', async () => {
  const answer = await fetch(`http://${address}/metrics`);
  expect(await answer.text()).toMatch(/^temporal_worker_task_slots_available\{.*task_queue="windlass-/m);
});

test('a worker that cannot serve its metrics says so and does not start', async () => {
  await expect(stack.startWorker({ WINDLASS_METRICS_ADDRESS: address })).rejects.toThrow(
    /metrics cannot be served on/,
  );
});
