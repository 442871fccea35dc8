import { TimeoutFailure, TimeoutType } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { toWindlassError } from '../../../src/client/to-windlass-error.ts';

const SERVER = { address: '127.0.0.1:7233', namespace: 'default' };
const LOG = '/var/windlass/run/worker.log';

describe.each([
  ['READ_TIMEOUT', TimeoutType.START_TO_CLOSE],
  ['NO_WORKER', TimeoutType.SCHEDULE_TO_START],
] as const)('%s', (code, type) => {
  const failure = new TimeoutFailure('too late', undefined, type);

  test('names the log of the worker where the server is the own stack’s', () => {
    const error = toWindlassError(failure, { ...SERVER, workerLog: LOG });
    expect(error).toMatchObject({ code, hint: expect.stringContaining(LOG) });
  });

  test('names no file elsewhere', () => {
    expect(toWindlassError(failure, SERVER).hint).not.toContain('worker.log');
  });
});
