import { describe, expect, it } from 'vitest';
import { RETRY_TABLE, type WindlassError } from '../../../../src/domain/index.ts';
import { QingCloudError } from '../../../../src/providers/qingcloud/client/index.ts';
import { toWindlassError } from '../../../../src/providers/qingcloud/to-windlass-error.ts';

/** Each ret_code that the API documents, and the several meanings of 1400 and 2500. */
const ANSWERS = [
  [1100, 'InvalidRequestParameter, size is not valid', 'invalid-input', 'QINGCLOUD_REFUSED'],
  [1101, 'InvalidRequestAction, unknown action', 'invalid-input', 'QINGCLOUD_REFUSED'],
  [1200, 'AuthFailure, signature not matched', 'permission', 'QINGCLOUD_CREDENTIAL'],
  [1300, 'RequestHasExpired', 'unavailable', 'QINGCLOUD_EXPIRED'],
  [1400, 'PermissionDenied, lease info not ready yet, please try later', 'unavailable', 'QINGCLOUD_NOT_YET'],
  [
    1400,
    'PermissionDenied, instance [i-x] is not running, can not be stopped',
    'conflict',
    'QINGCLOUD_CONFLICT',
  ],
  [1400, 'PermissionDenied, you are not the owner of [i-x]', 'permission', 'QINGCLOUD_PERMISSION'],
  [2100, 'ResourceNotFound, [i-x]', 'not-found', 'QINGCLOUD_NOT_FOUND'],
  [2110, 'ResourceAlreadyExists, tag [a]', 'conflict', 'QINGCLOUD_CONFLICT'],
  [2200, 'LeaseFailure', 'invalid-input', 'QINGCLOUD_REFUSED'],
  [2300, 'LeaseFailure', 'invalid-input', 'QINGCLOUD_REFUSED'],
  [2400, 'NotEnoughMoney', 'quota', 'QINGCLOUD_BALANCE'],
  [2500, 'QuotaExceeded, hp_instance', 'quota', 'QINGCLOUD_QUOTA'],
  [2500, 'your API call rate exceeds 2000 an hour', 'throttled', 'QINGCLOUD_THROTTLED'],
  [5000, 'InternalError', 'unavailable', 'QINGCLOUD_UNAVAILABLE'],
  [5100, 'ServerBusy', 'unavailable', 'QINGCLOUD_UNAVAILABLE'],
  [5200, 'InsufficientResources', 'capacity', 'QINGCLOUD_CAPACITY'],
  [5300, 'ServerUpdating', 'unavailable', 'QINGCLOUD_UNAVAILABLE'],
  [5600, 'VolumeTypeNotSupported', 'invalid-input', 'QINGCLOUD_REFUSED'],
] as const;

describe('errors of QingCloud', () => {
  it.each(ANSWERS)(
    'ret_code %i, %o, is of kind %s and keeps its sentence',
    (retCode, message, kind, code) => {
      const error = toWindlassError(QingCloudError.refused('RunInstances', { retCode, message }));
      expect(error).toMatchObject({ kind, code });
      expect(error.message).toContain(message);
      expect(error.message).toContain(String(retCode));
    },
  );

  it('says how far the worker’s clock is off', () => {
    const refused = (clockSkewMs: number): WindlassError =>
      toWindlassError(
        QingCloudError.refused('DescribeJobs', { retCode: 1300, message: 'expired', clockSkewMs }),
      );
    expect(refused(90_000).message).toMatch(/the worker’s clock is 90 s ahead of QingCloud’s/);
    expect(refused(-90_000).message).toMatch(/the worker’s clock is 90 s behind QingCloud’s/);
    expect(refused(2_000).message).toMatch(/too long on its way/);
  });

  it('removes what looks like a secret from the cloud’s sentence', () => {
    const message = 'bad request login_passwd=p12cHANgepwD refused';
    const error = toWindlassError(QingCloudError.refused('RunInstances', { retCode: 1100, message }));
    expect(error.message).not.toContain('p12cHANgepwD');
    expect(error.message).toContain('bad request');
  });

  it('retries a lost connection and an answer of something else, not a refusal', () => {
    const options = { action: 'RunInstances', mayHaveEffect: true };
    const lost = toWindlassError(new QingCloudError('reset', { ...options, kind: 'unreachable' }));
    const page = toWindlassError(new QingCloudError('a page', { ...options, kind: 'unreadable' }));
    expect([lost.code, page.code]).toEqual(['QINGCLOUD_UNREACHABLE', 'QINGCLOUD_ANSWER']);
    expect([lost, page].every(({ kind }) => RETRY_TABLE[kind].retried)).toBe(true);
    const cancelled = toWindlassError(new QingCloudError('stop', { ...options, kind: 'cancelled' }));
    expect(cancelled.kind).toBe('cancelled');
  });

  it('says that 5000 may have had its effect, and that other refusals had none', () => {
    const hadEffect = ANSWERS.filter(
      ([retCode, message]) => QingCloudError.refused('RunInstances', { retCode, message }).mayHaveEffect,
    ).map(([retCode]) => retCode);
    expect(hadEffect).toEqual([5000]);
  });
});
