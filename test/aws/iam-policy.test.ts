import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateKeyPairCommand, DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import type { ConformanceHarness } from '../../src/conformance/index.ts';
import { OPERATIONS } from '../../src/conformance/operations.ts';
import { READS } from '../../src/conformance/reads.ts';
import { createAwsHarness, type AwsHarness } from '../conformance/aws-harness.ts';
import { ALLOW_ALL } from '../kit/moto/index.ts';
import { toPolicy } from './iam-policy.ts';
import { createEc2 } from './moto-kit.ts';

const POLICY = fileURLToPath(new URL('../../docs/aws-iam-policy.json', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../src/providers/aws', import.meta.url));

let harness: AwsHarness;

beforeAll(async () => {
  harness = await createAwsHarness();
  await harness.moto.change({ modifyCooldownMs: 0 });
}, 600_000);
afterAll(() => harness.dispose());

/** A bench whose provider may only what the policy in docs/ allows. */
function open(change: Partial<ConformanceHarness> = {}): Promise<Bench> {
  return openBench({ harness: { ...harness, ...change } });
}

function withSettings(settings: Readonly<Record<string, string>>): Partial<ConformanceHarness> {
  return { runtime: { ...harness.runtime, settings: { ...harness.runtime.settings, ...settings } } };
}

async function readAll(bench: Bench): Promise<void> {
  for (const read of READS) await bench.engine.read((call) => read.call(bench, call));
}

/**
 * The one in docs/; everything while that is being generated, by `WRITE_POLICY=1 npx vitest run
 * test/aws/iam-policy -u`.
 */
function readPolicy(): object {
  if (process.env['WRITE_POLICY'] === '1') return ALLOW_ALL;
  return JSON.parse(readFileSync(POLICY, 'utf8')) as object;
}

/** Names of the operations that the provider's sources may ask for. */
function listOperations(): readonly string[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts'));
  const found = sources.flatMap((file) =>
    [
      ...readFileSync(join(SOURCES, file), 'utf8').matchAll(/\b(?:ec2|ssm|sts|serviceQuotas)\(\w+, '(\w+)'/g),
    ].map(([, operation = '']) => operation),
  );
  return [...new Set(found)].sort();
}

it('does all it can do under the policy in docs/, and needs every permission of it', async () => {
  const { moto } = harness;
  await moto.changePolicy('windlass', readPolicy());
  await moto.forgetRequests();
  for (const operation of OPERATIONS) {
    const bench = await open();
    await bench.engine.run(await bench.prepare(operation));
    await bench.assertHolds(operation);
    await bench.deleteAll();
  }
  await readAll(await open());

  const root = createEc2(moto.url);
  await moto.change({ authentication: false, quotas: { 'L-1216C47A': -1, 'L-7A658B76': -1 } });
  await root.send(new CreateKeyPairCommand({ KeyName: 'people' }));
  const { SecurityGroups = [] } = await root.send(new DescribeSecurityGroupsCommand({}));
  await moto.change({ authentication: true });
  const [group] = SecurityGroups.filter(({ VpcId }) => VpcId === harness.vpcId);
  const { image: _image, ...settings } = harness.runtime.settings;
  const named = { ...settings, keyName: 'people', securityGroups: group?.GroupId ?? '' };
  // Quotas are kept for minutes; by another spelling of its address nothing is known of this cloud yet.
  await readAll(
    await open({
      runtime: { ...harness.runtime, url: moto.url.replace('127.0.0.1', 'localhost'), settings: named },
    }),
  );

  const { region: _region, ...anywhere } = harness.runtime.settings;
  const { engine } = await open();
  await engine.read((call) =>
    harness.provider.describeRuntimeProviderZones(
      { url: moto.url, settings: anywhere, credential: harness.credential },
      call,
    ),
  );

  const { provider } = harness;
  const frontgate = (sources: string) =>
    withSettings({
      frontgate: 'on',
      frontgateSshSources: sources,
      frontgateSubnet: settings['subnet'] ?? '',
    });
  const bench = await open({ provider, purpose: 'frontgate', ...frontgate('203.0.113.0/24') });
  const task = bench.task('RunInstances');
  await bench.engine.run(task);
  await moto.destroyInstance((await bench.list())[0]?.id ?? '');
  // Created again with another range: the previous one is removed.
  bench.engine.setRuntime({ ...harness.runtime, ...frontgate('198.51.100.0/24').runtime });
  await bench.engine.handle(bench.task('RunInstances')).catch(() => undefined);
  await bench.deleteAll();

  const requests = (await moto.requests()).filter(
    ({ accessKeyId }) => accessKeyId === harness.credential['accessKeyId'],
  );
  expect(requests.filter(({ errorCode }) => errorCode === 'UnauthorizedOperation')).toEqual([]);
  expect([...new Set(requests.map(({ operation }) => operation))].sort()).toEqual(listOperations());
  await expect(toPolicy(requests)).toMatchFileSnapshot(POLICY);
}, 240_000);
