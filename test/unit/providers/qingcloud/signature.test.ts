import { describe, expect, it } from 'vitest';
import { flattenParameters } from '../../../../src/providers/qingcloud/client/flatten-parameters.ts';
import {
  signRequest,
  toSortedQuery,
  toStringToSign,
} from '../../../../src/providers/qingcloud/client/sign-request.ts';

/** The vendor's own example key; what the official Python client 1.2.16 signs with it. */
const SECRET = 'SECRETACCESSKEY';

const COMMON = {
  access_key_id: 'QYACCESSKEYIDEXAMPLE',
  req_id: '00000000000000000000000000000001',
  signature_method: 'HmacSHA256',
  signature_version: 1,
  time_stamp: '2026-01-02T03:04:05Z',
  version: 1,
  zone: 'pek3a',
};

const RUN = {
  action: 'RunInstances',
  image_id: 'centos7x64d',
  cpu: 2,
  memory: 4096,
  count: 1,
  instance_name: 'cl-abc 01/run~x',
  vxnets: ['vxnet-abcd123|192.168.1.2'],
  login_mode: 'passwd',
  login_passwd: 'p12cHANgepwD',
  volumes: ['vol-abcd1234'],
  need_userdata: true,
  userdata_type: 'exec',
  userdata_value: Buffer.from('#!/bin/sh\necho hi>/tmp/x\n').toString('base64'),
  instance_class: 1,
  hostname: 'n1',
  need_newsid: 0,
  nic_mqueue: 0,
};

const GOLDEN = [
  ['GET', RUN, 'VaNsE4+Kdcktm5lxDeklsF/w7HEI9tv94RC+u32lXk4='],
  [
    'GET',
    {
      action: 'DescribeInstances',
      instances: ['i-abcd1234', 'i-abcd1235'],
      limit: 100,
      offset: 0,
      status: ['running'],
      verbose: 1,
    },
    'GU/PdziUPO1DgGuapqgNd0jShcE1SvWsvZ1FiM8BVKI=',
  ],
  [
    'GET',
    { action: 'CreateVolumes', count: 1, round_up: 0, size: 20, volume_name: 'cl-abc-vol', volume_type: 3 },
    'SGW2vfwHqlWLZ819nU/5KFJsxOE11wknJv8wm880uMQ=',
  ],
  [
    'GET',
    { action: 'AttachVolumes', instance: 'i-abcd1234', volumes: ['vol-abcd1234'] },
    'm3xBYEsTDxrqhzKSlYtvyfBMrZ7eWR+bY+6nBuSv83E=',
  ],
  ['GET', { action: 'DescribeJobs', jobs: ['j-abcd1234'] }, 'VyPfcvUx/f1SL4czLe3fq56v1d7PaHI4ehnfzAXYSaE='],
  [
    'POST',
    { action: 'GetQuotaLeft', resource_types: ['hp_instance'] },
    'CUfWC0UvRpvubEmDS3byWIqeYe6OtQOZOCYVC/Sp8JU=',
  ],
] as const;

describe('the signature of a request', () => {
  it.each(GOLDEN)('is what the official client signs: %s %o', (method, parameters, signature) => {
    const flat = flattenParameters({ ...COMMON, ...parameters });
    expect(signRequest({ method, path: '/iaas/' }, flat, SECRET)).toBe(signature);
  });

  it('is of exactly the text that the official client signs', () => {
    const text = toStringToSign({ method: 'GET', path: '/iaas/' }, flattenParameters({ ...COMMON, ...RUN }));
    expect(text).toBe(
      'GET\n/iaas/\naccess_key_id=QYACCESSKEYIDEXAMPLE&action=RunInstances&count=1&cpu=2&hostname=n1&image_id=centos7x64d&instance_class=1&instance_name=cl-abc%2001%2Frun~x&login_mode=passwd&login_passwd=p12cHANgepwD&memory=4096&need_newsid=0&need_userdata=1&nic_mqueue=0&req_id=00000000000000000000000000000001&signature_method=HmacSHA256&signature_version=1&time_stamp=2026-01-02T03%3A04%3A05Z&userdata_type=exec&userdata_value=IyEvYmluL3NoCmVjaG8gaGk%2BL3RtcC94Cg%3D%3D&version=1&volumes.1=vol-abcd1234&vxnets.1=vxnet-abcd123%7C192.168.1.2&zone=pek3a',
    );
  });

  it('is that of the Go client on a path without a slash at its end', () => {
    const parameters = {
      access_key_id: 'ENV_ACCESS_KEY_ID',
      action: 'DescribeInstance',
      'instance.0': 'i-xxxxxxxx',
      signature_method: 'HmacSHA256',
      signature_version: '1',
      time_stamp: '0001-01-01T00:00:00Z',
      verbose: '1',
    };
    expect(signRequest({ method: 'GET', path: '/iaas' }, parameters, 'ENV_SECRET_ACCESS_KEY')).toBe(
      'ZHa2iQ8PeyP1ktMF9C+DjOQBl537ti9RnYZ1Qqr6KRg=',
    );
  });

  it('sorts names by their bytes, numbers included', () => {
    const names = Object.fromEntries(
      ['a.2', 'a.10', 'a.1', 'a_b', 'a', 'B', 'a.1.x'].map((name) => [name, 'v']),
    );
    expect(toSortedQuery(names)).toBe('B=v&a=v&a.1=v&a.1.x=v&a.10=v&a.2=v&a_b=v');
  });

  it('encodes everything that RFC 3986 does not leave as it is', () => {
    expect(toSortedQuery({ v: "A-z_0.~ !'()*+/é|" })).toBe('v=A-z_0.~%20%21%27%28%29%2A%2B%2F%C3%A9%7C');
  });
});

describe('parameters', () => {
  it('numbers lists from 1, and the fields of their objects', () => {
    expect(
      flattenParameters({
        instances: ['i-1', 'i-2'],
        verbose: true,
        absent: undefined,
        none: [],
        resource_tag_pairs: [{ tag_id: 'tag-1', resource_id: 'i-1' }],
      }),
    ).toEqual({
      'instances.1': 'i-1',
      'instances.2': 'i-2',
      verbose: '1',
      'resource_tag_pairs.1.tag_id': 'tag-1',
      'resource_tag_pairs.1.resource_id': 'i-1',
    });
  });
});
