import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient } from '../../src/client/index.ts';
import { REQUESTS_QUEUE } from '../../src/protocol/index.ts';
import { startTemporal, type TestTemporal } from '../kit/temporal.ts';

let temporal: TestTemporal;
let connection: NativeConnection;

beforeAll(async () => {
  // What the worker logs of the error that the test provokes is of no interest.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  temporal = await startTemporal();
  connection = await NativeConnection.connect({ address: temporal.address });
});

afterAll(async () => {
  await connection?.close();
  await temporal?.stop();
});

test('a request whose worker was lost is not told as one that no worker took', async () => {
  const { address, namespace } = temporal;
  const worker: Worker = await Worker.create({
    connection,
    namespace,
    taskQueue: REQUESTS_QUEUE,
    activities: {
      async describeWorker() {
        // The worker takes it, and is gone before the next attempt.
        worker.shutdown();
        throw new Error('lost');
      },
    },
  });
  const running = worker.run();
  const client = await connectClient({ address, env: {}, workerTimeoutMs: 3_000 });
  await expect(client.describeWorker()).rejects.toMatchObject({ kind: 'timeout', code: 'READ_TIMEOUT' });
  await running;
  await expect(client.describeWorker()).rejects.toMatchObject({ kind: 'unavailable', code: 'NO_WORKER' });
  await client.close();
}, 60_000);
