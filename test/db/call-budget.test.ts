import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStores, type Stores } from '../../src/db/index.ts';
import { startPglite, startPostgres, type TestDatabase } from '../kit/databases.ts';
import { aRuntime } from '../kit/sample-records.ts';

const WORKER = fileURLToPath(new URL('call-budget-worker.ts', import.meta.url));
const PER_SECOND = 40;
const SECONDS = 4;

let database: TestDatabase;
let stores: Stores;

beforeAll(async () => {
  database = (await startPostgres()) ?? (await startPglite());
  stores = openStores({ databaseUrl: database.databaseUrl });
  await stores.migrate();
  await stores.runtimes.create(
    aRuntime('shared', { account: 'shared', settings: { callsPerSecond: String(PER_SECOND) } }),
    null,
  );
});
afterAll(async () => {
  await stores.close();
  await database.stop();
});

interface Caller {
  readonly process: ChildProcess;
  readonly sent: number[];
}

async function startCaller(): Promise<Caller> {
  const child = fork(WORKER, [database.databaseUrl], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const sent: number[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    sent.push(...lines.map(Number));
  });
  await new Promise<void>((resolve) => void child.once('message', () => resolve()));
  return { process: child, sent };
}

/** The largest number of moments within any `windowMs`. */
function countMost(moments: readonly number[], windowMs: number): number {
  let most = 0;
  let begin = 0;
  for (let end = 0; end < moments.length; end += 1) {
    while ((moments[end] ?? 0) - (moments[begin] ?? 0) >= windowMs) begin += 1;
    most = Math.max(most, end - begin + 1);
  }
  return most;
}

it('keeps three processes of twenty callers each under one budget, and lets none starve', async () => {
  const callers = await Promise.all([startCaller(), startCaller(), startCaller()]);
  await sleep(SECONDS * 1000);
  await Promise.all(
    callers.map(async ({ process }) => {
      const ended = new Promise((resolve) => void process.once('close', resolve));
      process.send('end');
      await ended;
    }),
  );
  const moments = callers.flatMap(({ sent }) => sent).sort((left, right) => left - right);
  const lastedSeconds = ((moments.at(-1) ?? 0) - (moments[0] ?? 0)) / 1000;
  // What may be saved up is a quarter of a second; the first goes at once. A second for processes that were late.
  expect(moments.length).toBeLessThanOrEqual(PER_SECOND * (lastedSeconds + 1) + PER_SECOND / 4 + 1);
  // Turns that a busy machine let pass are lost, but most of them are used.
  expect(moments.length).toBeGreaterThan(PER_SECOND * SECONDS * 0.4);
  // A late process may send what it was due a moment ago: over two seconds that evens out.
  expect(countMost(moments, 2_000)).toBeLessThanOrEqual((PER_SECOND * 2 + PER_SECOND / 4) * 1.5);
  for (const { sent } of callers) expect(sent.length).toBeGreaterThan(moments.length / 20);
});
