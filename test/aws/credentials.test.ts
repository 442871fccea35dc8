import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Credential } from '../../src/domain/index.ts';
import { createNodeShell } from '../../src/nodes/index.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { startFaultProxy } from '../../src/conformance/index.ts';
import { createAwsHarness, type AwsHarness } from '../conformance/aws-harness.ts';
import { ALLOW_ALL } from '../kit/moto/index.ts';
import { validate } from './provider-kit.ts';

const START_LIMIT_MS = 120_000;
const AWS_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
];

describe('a credential of AWS', () => {
  let harness: AwsHarness;
  let folder: string;
  let before: NodeJS.ProcessEnv;
  let keys: { accessKeyId: string; secretAccessKey: string };

  beforeAll(async () => {
    harness = await createAwsHarness();
    keys = await harness.moto.createUser('worker', ALLOW_ALL);
    folder = mkdtempSync(join(tmpdir(), 'windlass-aws-'));
  }, START_LIMIT_MS);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await harness.dispose();
  });
  // No setting of the user who runs the tests is read.
  beforeEach(() => {
    before = { ...process.env };
    for (const name of AWS_VARIABLES) delete process.env[name];
    process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  });
  afterEach(() => {
    process.env = before;
  });
  const identity = { account: '123456789012', region: 'us-east-1' };

  /** A worker that lends what is asked for, with moto in the place of AWS's own endpoints. */
  async function validateLent(
    credential: Credential,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const nodes = createNodeShell();
    const provider = createAwsProvider({
      nodes,
      endpoint: harness.moto.url,
      credentials: {
        allowOwnIdentity: true,
        allowedProfiles: ['work', 'other'],
        allowedTokenFiles: [join(folder, 'token')],
      },
    });
    try {
      return await validate({ ...harness, provider }, { url: '', credential, settings });
    } finally {
      await nodes.close();
    }
  }

  it('may be a profile of the worker’s own files, where the worker lends it', async () => {
    writeFileSync(
      join(folder, 'credentials'),
      `[work]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
    );
    expect(await validateLent({ profile: 'work' })).toEqual(identity);
    await expect(validateLent({ profile: 'other' })).rejects.toMatchObject({
      kind: 'permission',
      field: 'credential',
    });
  });

  it('may be left to the chain that AWS’s own tools follow', async () => {
    await expect(validateLent({})).rejects.toMatchObject({
      kind: 'permission',
      field: 'credential',
    });
    process.env['AWS_ACCESS_KEY_ID'] = keys.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = keys.secretAccessKey;
    expect(await validateLent({}, { tags: 'another=cloud' })).toEqual(identity);
  });

  it('may be a role that the keys assume', async () => {
    const { roleArn } = await harness.moto.createRole(
      'deployer',
      {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
      },
      ALLOW_ALL,
    );
    await harness.moto.forgetRequests();
    expect(await validate(harness, { credential: { ...keys, roleArn, externalId: 'ours' } })).toEqual(
      identity,
    );
    const requests = await harness.moto.requests();
    expect(requests.map(({ operation }) => operation)).toContain('AssumeRole');
    const others = requests.filter(({ operation }) => operation !== 'AssumeRole');
    expect(others.map(({ accessKeyId }) => accessKeyId)).not.toContain(keys.accessKeyId);
  });

  it('may not be a role that asks for another external id: the refusal names what was asked', async () => {
    const { roleArn } = await harness.moto.createRole(
      'choosy',
      {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: '*' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': 'theirs' } },
          },
        ],
      },
      ALLOW_ALL,
    );
    for (const change of [{ roleArn, externalId: 'ours' }, { roleArn }]) {
      await expect(validate(harness, { credential: { ...keys, ...change } })).rejects.toMatchObject({
        kind: 'permission',
        field: 'credential',
        message: expect.stringContaining('sts:AssumeRole') as string,
      });
    }
    expect(await validate(harness, { credential: { ...keys, roleArn, externalId: 'theirs' } })).toEqual(
      identity,
    );
  });

  it('may be a token of another identity provider', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3b3JrZXIifQ.');
    const { roleArn } = await harness.moto.createRole(
      'federated',
      {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Federated: '*' }, Action: 'sts:AssumeRoleWithWebIdentity' },
        ],
      },
      ALLOW_ALL,
    );
    // moto cannot check the signer of an unsigned request, such as this one.
    await harness.moto.change({ authentication: false });
    await harness.moto.forgetRequests();
    expect(await validateLent({ roleArn, webIdentityTokenFile: tokenFile })).toEqual(identity);
    await harness.moto.change({ authentication: true });
    expect((await harness.moto.requests()).map(({ operation }) => operation)).toContain(
      'AssumeRoleWithWebIdentity',
    );
  });

  it('goes to an endpoint behind an authority of one’s own only when the runtime names that authority', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        ...subject,
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    );
    const caCertificate = readFileSync(cert, 'utf8');
    const proxy = await startFaultProxy({
      upstream: { url: harness.moto.url },
      tls: { key: readFileSync(key, 'utf8'), cert: caCertificate },
      classify: () => 'any',
      throttledAnswer: () => ({ status: 503, headers: {}, body: '' }),
    });
    try {
      await expect(validate(harness, { url: proxy.url })).rejects.toMatchObject({
        kind: 'unavailable',
        field: 'url',
      });
      expect(await validate(harness, { url: proxy.url, settings: { caCertificate } })).toEqual(identity);
    } finally {
      await proxy.close();
    }
  });
});
