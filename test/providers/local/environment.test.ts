import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClusterWrapper, NOTHING_RESERVED } from '../../../src/domain/index.ts';
import { createNodeShell, type NodeShell } from '../../../src/nodes/index.ts';
import type { Provider } from '../../../src/provider/index.ts';
import { createLocalProvider, toVolumeId } from '../../../src/providers/local/index.ts';
import { createTestEffectCall, createTestObserveCall } from '../../kit/test-calls.ts';
import { createNodeContext, type TestContext } from './context-kit.ts';
import { createTestCloud, type LocalCloudKit } from './cloud-kit.ts';

let kit: LocalCloudKit;
let nodes: NodeShell;
let provider: Provider;
const call = createTestObserveCall({ watchMs: 15_000 });

beforeEach(async () => {
  kit = await createTestCloud();
  nodes = createNodeShell();
  provider = createLocalProvider({ folder: kit.cloud.folder, nodes });
});
afterEach(async () => {
  await nodes.close();
  await kit.end();
});

function toWrapper(context: TestContext, count = 1): ClusterWrapper {
  const { cluster, role, node } = context.value;
  return { cluster, roles: [role], nodes: Array.from({ length: count }, () => node), links: [] };
}

function check(settings: Record<string, string>, count: number, reserved = NOTHING_RESERVED): Promise<void> {
  const context = createNodeContext(kit, { volumes: 1, cpu: 2, sizeGiB: 10, settings });
  const { runtime, credential } = context.value;
  return provider.checkResource(
    {
      runtime,
      credential,
      action: 'create',
      cluster: toWrapper(context, count),
      reserved,
      loadPackage: () => context.value.loadPackage(),
    },
    call,
  );
}

describe('checkResource', () => {
  it('counts what the cloud has, what is reserved and what is asked for', async () => {
    await kit.cloud.makeInstance(kit.toSpec('other/n/instance/g1', { cpu: 3 }), {});
    await expect(check({ quotaCpu: '9' }, 3)).resolves.toBeUndefined();
    await expect(check({ quotaCpu: '8' }, 3)).rejects.toMatchObject({ kind: 'quota', field: 'quotaCpu' });
    await expect(check({ quotaCpu: '9' }, 3, { ...NOTHING_RESERVED, cpu: 1 })).rejects.toMatchObject({
      kind: 'quota',
    });
    await expect(check({ quotaVolumeGiB: '29' }, 3)).rejects.toMatchObject({
      kind: 'quota',
      field: 'quotaVolumeGiB',
    });
  });

  it('does not count this cluster’s own resources twice', async () => {
    const token = 'cl-1/cln-1/volume-0/g1';
    await kit.cloud.makeVolume(
      { id: toVolumeId(token), token, zone: 'local-1', sizeGiB: 10, volumeClass: 0 },
      {},
    );
    await expect(check({ quotaVolumes: '1' }, 1)).resolves.toBeUndefined();
  });

  it('names a zone that there is not', async () => {
    await expect(check({ zones: 'elsewhere' }, 1)).rejects.toMatchObject({
      kind: 'invalid-input',
      field: 'zone',
    });
  });
});

describe('validateCredential', () => {
  const validate = (settings: Record<string, string>, zone = 'local-1') =>
    provider.validateCredential({ url: '', credential: {}, zone, settings }, call);

  it('says whose machine it is, in the letters of queue names', async () => {
    const identity = await validate({});
    expect(identity.region).toBe('local');
    expect(identity.account).toMatch(/^[a-z0-9-]+$/);
  });

  it('names the setting or zone that is wrong', async () => {
    await expect(validate({}, 'moon-1')).rejects.toMatchObject({ field: 'zone' });
    await expect(validate({ addressRange: '192.168.0.0/16' })).rejects.toMatchObject({
      field: 'addressRange',
    });
  });

  it('refuses a folder that cannot be', async () => {
    for (const folder of ['/proc/windlass', '/dev/null/windlass']) {
      await expect(validate({ folder })).rejects.toMatchObject({ kind: 'permission', code: 'LOCAL_FOLDER' });
    }
  });
});

describe('what can be seen', () => {
  it('is one subnet per zone in one VPC', async () => {
    const { runtime, credential } = createNodeContext(kit, { settings: { zones: 'b,a' } }).value;
    const request = { runtime, credential };
    const subnets = await provider.describeSubnets(request, call);
    expect(subnets.map(({ subnetId, zone }) => [subnetId, zone])).toEqual([
      ['subnet-a', 'a'],
      ['subnet-b', 'b'],
    ]);
    expect(subnets[0]?.freeAddresses).toBe(65_534);
    expect(await provider.describeVpc({ ...request, vpcId: 'local' }, call)).toMatchObject({
      subnetIds: ['subnet-a', 'subnet-b'],
    });
    await expect(provider.describeVpc({ ...request, vpcId: 'x' }, call)).rejects.toMatchObject({
      kind: 'not-found',
    });
    expect(
      await provider.describeRuntimeProviderZones(
        { url: '', credential: {}, settings: runtime.settings },
        call,
      ),
    ).toEqual(['a', 'b']);
  });

  it('is each node’s true status: pending, active, stopped, lost', async () => {
    const context = createNodeContext(kit);
    const status = async (): Promise<string | undefined> => {
      const { runtime, credential, resources } = context.value;
      const request = {
        runtime,
        credential,
        cluster: toWrapper(context),
        resources: Object.values(resources),
      };
      await provider.describeClusterDetails(request, call);
      return (await provider.updateClusterStatus(request, call)).nodes[0]?.status;
    };
    expect(await status()).toBe('pending');
    const run = { ...context.value };
    context.merge((await provider.handleSubtask(run, createTestEffectCall())).changes ?? {});
    const ran = await provider.waitSubtask(context.value, call);
    if (ran.state === 'done') context.merge(ran.changes ?? {});
    expect(await status()).toBe('active');
    for (const { pid } of await kit.cloud.listProcesses()) process.kill(pid, 'SIGKILL');
    await expect.poll(status).toBe('stopped');
    await kit.cloud.deleteInstance(context.value.node.instanceId);
    expect(await status()).toBe('lost');
  });
});
