import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type TestStack } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
const PROVIDER = fileURLToPath(new URL('../fakes/own-action-provider.ts', import.meta.url));

let folder: string;
let stack: TestStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-own-action-'));
  stack = await startStack({
    env: { WINDLASS_PROVIDERS: PROVIDER, WINDLASS_TEST_BOOK: join(folder, 'book') },
  });
  await stack.startWorker();
}, 300_000);
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a job runs the task action that only its provider has', { timeout: 300_000 }, async () => {
  await stack.client.runtimes.create({ name: 'cloud', provider: 'signing', zone: 'instant-1' });
  const { versionId } = await stack.client.apps.register(PACKAGE);
  const { jobId, clusterId } = await stack.client.clusters.create({
    app: versionId,
    runtime: 'cloud',
    conf: { cluster: { count: 1 } },
  });
  const ended = await stack.client.jobs.wait(jobId, { clusterId });
  expect(ended.error).toBeNull();
  expect(ended.layers.at(-1)).toMatchObject({
    name: 'SignBook',
    done: 1,
    tasks: [{ action: 'SignBook', status: 'successful' }],
  });
  expect(await readFile(join(folder, 'book'), 'utf8')).toBe('handle signed\nwait signed\n');
});
