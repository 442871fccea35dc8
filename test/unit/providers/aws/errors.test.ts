import { describe, expect, it } from 'vitest';
import { isAwsCode, toWindlassError } from '../../../../src/providers/aws/cloud/to-windlass-error.ts';

/** As the SDK throws what AWS answers. */
function answer(code: string, status: number, headers: Readonly<Record<string, string>> = {}): Error {
  const error = new Error(`the message of ${code}`);
  return Object.assign(error, {
    name: code,
    Code: code,
    $fault: status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status },
    $response: { headers },
  });
}

describe('an answer of AWS', () => {
  it.each([
    ['RequestLimitExceeded', 503, 'throttled', 'AWS_THROTTLED'],
    ['Client.RequestLimitExceeded', 503, 'throttled', 'AWS_THROTTLED'],
    ['Throttling', 400, 'throttled', 'AWS_THROTTLED'],
    ['ThrottlingException', 400, 'throttled', 'AWS_THROTTLED'],
    ['TooManyRequestsException', 429, 'throttled', 'AWS_THROTTLED'],
    ['EC2ThrottledException', 400, 'throttled', 'AWS_THROTTLED'],
    ['SomethingNew', 429, 'throttled', 'AWS_THROTTLED'],
    ['AuthFailure', 401, 'permission', 'AWS_CREDENTIAL'],
    ['InvalidClientTokenId', 403, 'permission', 'AWS_CREDENTIAL'],
    ['SignatureDoesNotMatch', 403, 'permission', 'AWS_CREDENTIAL'],
    ['ExpiredToken', 403, 'permission', 'AWS_SESSION_EXPIRED'],
    ['RequestExpired', 400, 'permission', 'AWS_SESSION_EXPIRED'],
    ['UnauthorizedOperation', 403, 'permission', 'AWS_PERMISSION'],
    ['AccessDenied', 403, 'permission', 'AWS_PERMISSION'],
    ['InsufficientInstanceCapacity', 500, 'capacity', 'AWS_CAPACITY'],
    ['VcpuLimitExceeded', 400, 'quota', 'AWS_QUOTA'],
    ['VolumeLimitExceeded', 400, 'quota', 'AWS_QUOTA'],
    ['InsufficientFreeAddressesInSubnet', 400, 'quota', 'AWS_QUOTA'],
    ['InvalidInstanceID.NotFound', 400, 'not-found', 'AWS_NOT_FOUND'],
    ['IncorrectInstanceState', 400, 'conflict', 'AWS_CONFLICT'],
    ['IdempotentParameterMismatch', 400, 'conflict', 'AWS_CONFLICT'],
    ['InternalError', 500, 'unavailable', 'AWS_UNAVAILABLE'],
    ['Unavailable', 503, 'unavailable', 'AWS_UNAVAILABLE'],
    ['InvalidParameterValue', 400, 'invalid-input', 'AWS_REFUSED'],
  ])('%s (%i) is %s', (code, status, kind, ours) => {
    expect(toWindlassError(answer(code, status), 'ec2:RunInstances')).toMatchObject({ kind, code: ours });
  });

  it('names the action that is not allowed', () => {
    expect(toWindlassError(answer('UnauthorizedOperation', 403), 'ec2:RunInstances').message).toContain(
      'ec2:RunInstances',
    );
  });

  it.each([
    ['InvalidSubnetID.NotFound', 'subnet'],
    ['InvalidAMIID.NotFound', 'image'],
    ['InvalidKeyPair.NotFound', 'keyName'],
    ['InvalidGroup.NotFound', 'securityGroups'],
    ['InvalidInstanceType', 'instanceTypes'],
    ['InvalidIPAddress.InUse', 'privateIp'],
  ])('%s names the field %s', (code, field) => {
    expect(toWindlassError(answer(code, 400), 'ec2:RunInstances').field).toBe(field);
  });

  it('says when to try again, if AWS does', () => {
    const error = toWindlassError(
      answer('RequestLimitExceeded', 503, { 'retry-after': '7' }),
      'ec2:RunInstances',
    );
    expect(error.retryAfterMs).toBe(7_000);
  });

  it('is still known by AWS’s own code', () => {
    const error = toWindlassError(answer('VolumeInUse', 400), 'ec2:AttachVolume');
    expect(isAwsCode(error, 'VolumeInUse')).toBe(true);
    expect(isAwsCode(error, 'IncorrectState')).toBe(false);
  });

  it('leaves nothing of the request in the error: that is signed', () => {
    const secret = 'AWS4-HMAC-SHA256 Credential=planted';
    const thrown = Object.assign(answer('AuthFailure', 401), {
      $request: { headers: { authorization: secret } },
    });
    const error = toWindlassError(thrown, 'ec2:RunInstances');
    expect(JSON.stringify([error.toInfo(), error, error.cause])).not.toContain('planted');
  });
});

describe('what is no answer of AWS', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])(
    '%s is unavailable',
    (code) => {
      const thrown = Object.assign(new Error('no line'), { code, $metadata: { attempts: 1 } });
      expect(toWindlassError(thrown, 'sts:GetCallerIdentity')).toMatchObject({
        kind: 'unavailable',
        code: 'AWS_UNREACHABLE',
      });
    },
  );

  it('a page of a proxy is unavailable, not a defect', () => {
    const thrown = Object.assign(new SyntaxError('Unexpected token <'), {
      $metadata: { httpStatusCode: 502 },
    });
    expect(toWindlassError(thrown, 'ec2:DescribeInstances')).toMatchObject({
      kind: 'unavailable',
      code: 'AWS_ANSWER',
    });
  });

  it('a credential that is nowhere is permission', () => {
    const thrown = Object.assign(new Error('Could not load credentials'), {
      name: 'CredentialsProviderError',
    });
    expect(toWindlassError(thrown, 'sts:GetCallerIdentity')).toMatchObject({
      kind: 'permission',
      field: 'credential',
    });
  });
});
