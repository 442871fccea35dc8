import { describe, expect, it } from 'vitest';
import { WindlassError } from '../../../../src/domain/index.ts';
import { ALLOW_NOTHING, readAwsCredential } from '../../../../src/providers/aws/credential.ts';
import { toRegion } from '../../../../src/providers/aws/region.ts';
import { readAwsSettings } from '../../../../src/providers/aws/settings.ts';

function errorOf(call: () => unknown): WindlassError {
  try {
    call();
  } catch (error) {
    if (WindlassError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('settings', () => {
  it('are safe where nothing is said: encrypted, gp3, root by key, no frontgate', () => {
    expect(readAwsSettings({})).toMatchObject({
      encrypted: true,
      rootVolumeType: 'gp3',
      sshUser: 'root',
      architecture: 'x86_64',
      frontgate: undefined,
      subnets: [],
      instanceTypes: [],
    });
  });

  it('keep the order of subnets and types, which is that of the tries', () => {
    const settings = readAwsSettings({
      subnet: 'subnet-0b',
      subnets: 'subnet-0a, subnet-0b,subnet-0c',
      instanceTypes: 'm6i.*,c6i.large',
    });
    expect(settings.subnets).toEqual(['subnet-0b', 'subnet-0a', 'subnet-0c']);
    expect(settings.instanceTypes).toEqual(['m6i.*', 'c6i.large']);
  });

  it('name images by package, volume types by class, and tags', () => {
    const settings = readAwsSettings({
      'image.ZooKeeper': 'ami-0123',
      'image.appv-1': 'ssm:/golden/image',
      volumeTypes: '2:sc1,0:io2',
      tags: 'team=data, cost centre = 42',
    });
    expect([...settings.imageOfApp]).toEqual([
      ['ZooKeeper', 'ami-0123'],
      ['appv-1', 'ssm:/golden/image'],
    ]);
    expect([...settings.volumeTypeOfClass]).toEqual([
      [2, 'sc1'],
      [0, 'io2'],
    ]);
    expect(settings.tags).toEqual({ team: 'data', 'cost centre': '42' });
  });

  it.each([
    ['subnet', { subnet: 'vpc-1' }],
    ['subnets', { subnets: 'subnet-1,nonsense' }],
    ['securityGroups', { securityGroups: 'default' }],
    ['image', { image: 'img-svchigk2' }],
    ['image.zk', { 'image.zk': 'no image' }],
    ['architecture', { architecture: 'sparc' }],
    ['instanceTypes', { instanceTypes: 'large' }],
    ['rootVolumeGiB', { rootVolumeGiB: '0' }],
    ['rootVolumeType', { rootVolumeType: 'floppy' }],
    ['volumeTypes', { volumeTypes: '1:floppy' }],
    ['encrypted', { encrypted: 'maybe' }],
    ['publicIp', { publicIp: 'yes' }],
    ['sshUser', { sshUser: 'Root!' }],
    ['tags', { tags: 'windlass:token=mine' }],
    ['region', { region: 'moon' }],
    ['caCertificate', { caCertificate: 'trust me' }],
    ['frontgateSshSources', { frontgate: 'on' }],
    ['frontgateSshSources', { frontgate: 'on', frontgateSshSources: 'anywhere' }],
    ['colour', { colour: 'red' }],
  ])('are refused with the field %s', (field, given) => {
    expect(errorOf(() => readAwsSettings(given))).toMatchObject({
      kind: 'invalid-input',
      code: 'RUNTIME_SETTINGS',
      field,
    });
  });

  it('are refused with all their faults at once', () => {
    const error = errorOf(() => readAwsSettings({ subnet: 'x', image: 'y', colour: 'red' }));
    expect(error.details?.map(({ field }) => field)).toEqual(['colour', 'subnet', 'image']);
  });
});

describe('a credential', () => {
  const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'planted-secret' };
  const roleArn = 'arn:aws:iam::123456789012:role/w';
  const ALLOWING = { allowOwnIdentity: true, allowedProfiles: ['work'], allowedTokenFiles: ['/run/token'] };
  const OWN = [
    {},
    { roleArn },
    { profile: 'work' },
    { profile: 'work', roleArn },
    { webIdentityTokenFile: '/run/token', roleArn },
  ];

  it('that borrows from the worker is a matter of permission, way by way', () => {
    for (const given of OWN) {
      const error = errorOf(() => readAwsCredential(given, false, ALLOW_NOTHING));
      expect(error).toMatchObject({ kind: 'permission', code: 'AWS_IDENTITY', field: 'credential' });
      expect(() => readAwsCredential(given, false, ALLOWING)).not.toThrow();
    }
    for (const given of [{ profile: 'other' }, { webIdentityTokenFile: '/run/token2', roleArn }]) {
      expect(errorOf(() => readAwsCredential(given, false, ALLOWING)).code).toBe('AWS_IDENTITY');
    }
  });

  it('that borrows from the worker never goes to an address of the user’s choice', () => {
    for (const given of OWN) {
      const error = errorOf(() => readAwsCredential(given, true, ALLOWING));
      expect(error).toMatchObject({ kind: 'permission', code: 'AWS_IDENTITY', field: 'url' });
    }
    expect(readAwsCredential({ ...keys, roleArn }, true, ALLOW_NOTHING).base.kind).toBe('keys');
  });

  it.each([
    ['keys', keys, null],
    ['profile', { profile: 'work' }, null],
    ['default-chain', {}, null],
    ['default-chain', { roleArn: 'arn:aws:iam::123456789012:role/windlass' }, 'windlass'],
    [
      'keys',
      { ...keys, roleArn: 'arn:aws-cn:iam::123456789012:role/a/b', externalId: 'x', roleSessionName: 'me' },
      'me',
    ],
    [
      'web-identity',
      { webIdentityTokenFile: '/run/token', roleArn: 'arn:aws:iam::123456789012:role/w' },
      'windlass',
    ],
  ])('may be %s', (kind, given, session) => {
    const credential = readAwsCredential(given, false, ALLOWING);
    expect(credential.base.kind).toBe(kind);
    expect(credential.role?.sessionName ?? null).toBe(session);
  });

  it.each([
    { secretAccessKey: 'planted-secret' },
    { ...keys, profile: 'work' },
    { ...keys, externalId: 'x' },
    { ...keys, roleArn: 'planted-secret' },
    { ...keys, password: 'planted-secret' },
    { accessKeyId: '', secretAccessKey: 'planted-secret' },
    { ...keys, 'planted-secret': 'x' },
    { ...keys, constructor: 'x' },
    { ...keys, roleArn: 7 },
    { ...keys, AccessKeyId: 'planted-secret' },
    { accessKeyId: 'A\r\nX-Other: planted-secret', secretAccessKey: 'x' },
    { ...keys, sessionToken: 'planted-secret\nX-Other: y' },
    { ...keys, roleArn: 'arn:aws:iam::123456789012:role/planted-secret\nx' },
    { ...keys, roleArn, externalId: 'planted-secret x' },
    { profile: 'planted-secret\n' },
    { webIdentityTokenFile: '../planted-secret', roleArn },
    { ...keys, credential_process: 'planted-secret' },
    { ...keys, endpoint: 'https://planted-secret' },
  ])('is refused when it makes no sense, without a word of what is in it', (given) => {
    const error = errorOf(() =>
      readAwsCredential(given as unknown as Record<string, string>, true, ALLOWING),
    );
    expect(error).toMatchObject({ code: 'AWS_CREDENTIAL_FORMAT', field: 'credential' });
    expect(JSON.stringify(error.toInfo())).not.toContain('planted-secret');
  });
});

describe('the region of a zone', () => {
  it.each([
    ['eu-central-1a', 'eu-central-1'],
    ['us-gov-west-1b', 'us-gov-west-1'],
    ['us-east-1-bos-1a', 'us-east-1'],
    ['us-west-2-wl1-las-wlz-1', 'us-west-2'],
  ])('of %s is %s', (zone, region) => expect(toRegion(zone, { region: undefined })).toBe(region));

  it.each(['', 'eu-central-1', 'pek3a', 'no-such-zone'])('is not to be had of %j', (zone) => {
    expect(errorOf(() => toRegion(zone, { region: undefined }))).toMatchObject({
      code: 'AWS_ZONE',
      field: 'zone',
    });
  });
});
