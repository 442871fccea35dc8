import { readFileSync } from 'node:fs';
import { EC2Client } from '@aws-sdk/client-ec2';
import {
  createConformancePackage,
  startFaultProxy,
  type ConformanceHarness,
  type CloudResource,
} from '../../src/conformance/index.ts';
import type { Runtime } from '../../src/domain/index.ts';
import { createNodeShell } from '../../src/nodes/index.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { startStaleAwsServer } from './eventually-consistent-aws.ts';
import {
  classifyAwsRequest,
  createNetwork,
  findImage,
  isAwsRead,
  startMoto,
  throttleAwsRequest,
  type Moto,
  type MotoSettings,
} from '../kit/moto/index.ts';
import { disturbBy } from './disturb-by.ts';

/** Nothing that the provider does here may need more than the documented permissions. */
const POLICY = JSON.parse(
  readFileSync(new URL('../../docs/aws-iam-policy.json', import.meta.url), 'utf8'),
) as object;

export const REGION = 'us-east-1';
const ZONES = [`${REGION}a`, `${REGION}b`];

/** States that last long enough to be seen, and a cloud that shows late what it has made. */
const SLOW_STATES: MotoSettings = {
  pendingMs: 120,
  stoppingMs: 80,
  shuttingDownMs: 80,
  creatingMs: 60,
  attachingMs: 60,
  detachingMs: 60,
  deletingMs: 60,
  modifyingMs: 60,
  visibleAfterMs: 60,
};

/** As patient as this cloud is slow. */
export const TIMING = { pollMs: 40, settleMs: 400 };

export interface AwsHarness extends ConformanceHarness {
  readonly moto: Moto;
  readonly subnets: readonly { readonly subnetId: string; readonly zone: string }[];
}

/** The aws provider over the wire, before an EC2 of its own. */
export async function createAwsHarness(
  options: {
    readonly settings?: MotoSettings;
    /** The provider finds nothing of what it has made. */
    readonly blind?: boolean;
  } = {},
): Promise<AwsHarness> {
  const moto = await startMoto({ ...SLOW_STATES, ...options.settings });
  const { accessKeyId, secretAccessKey } = await moto.createUser('windlass', POLICY);
  const credentials = { accessKeyId, secretAccessKey };
  const ec2 = new EC2Client({ endpoint: moto.url, region: REGION, credentials });
  const network = await createNetwork(ec2, ZONES, 77);
  const image = await findImage(ec2);
  ec2.destroy();
  const front = options.blind === true ? await startStaleAwsServer(moto.url) : null;
  await moto.change({ authentication: front === null });
  const proxy = await startFaultProxy({
    upstream: { url: front?.url ?? moto.url },
    classify: classifyAwsRequest,
    isRead: isAwsRead,
    throttledAnswer: throttleAwsRequest,
  });
  const nodes = createNodeShell();
  const provider = createAwsProvider({ nodes, timing: TIMING });
  const [subnet] = network.subnets;
  const runtime: Runtime = {
    runtimeId: 'rt-aws',
    name: 'aws',
    provider: 'aws',
    url: proxy.url,
    zone: ZONES[0] ?? '',
    settings: { region: REGION, subnet: subnet?.subnetId ?? '', image },
    account: moto.account,
    region: REGION,
    createdAt: '2026-01-01T00:00:00Z',
  };
  return {
    moto,
    subnets: network.subnets,
    provider,
    runtime,
    credential: { accessKeyId, secretAccessKey },
    badCredential: {
      credential: { accessKeyId, secretAccessKey: 'wrong-secret-5f31-planted' },
      kind: 'permission',
    },
    content: createConformancePackage(),
    conf: { cluster: { name: 'conformance' } },
    nodesReachable: false,
    vpcId: network.vpcId,
    cloud: {
      list: () => listResources(moto),
      destroyInstance: (id) => moto.destroyInstance(id),
      failInstance: (id) => moto.destroyInstance(id),
      ...disturbBy(proxy),
    },
    logs: () => '',
    plantedSecrets: [secretAccessKey, 'wrong-secret-5f31-planted'],
    async makeQuotaTight() {
      await moto.change({ quotas: { 'L-1216C47A': 0, 'L-7A658B76': 0 } });
      // Quotas are kept for minutes; by another spelling of its address nothing is known of this cloud yet.
      return { ...runtime, url: `${runtime.url}/` };
    },
    async fillFirstPlacement() {
      await moto.change({ capacity: [{ zone: ZONES[0] ?? '', left: 0 }] });
      const subnets = network.subnets.map(({ subnetId }) => subnetId).join(',');
      return { ...runtime, settings: { ...runtime.settings, subnets } };
    },
    async fillAllPlacements() {
      await moto.change({ capacity: [{ zone: ZONES[0] ?? '', left: 0 }] });
      return runtime;
    },
    async dispose() {
      await nodes.close();
      await proxy.close();
      await front?.close();
      await moto.close();
    },
  };
}

/** What EC2 has of windlass, by the emulator's own word, also what it does not show yet. */
export async function listResources(moto: Moto): Promise<readonly CloudResource[]> {
  const { instances, volumes } = await moto.resources();
  return [
    ...instances
      .filter(({ state }) => state !== 'terminated')
      .map((instance): CloudResource => ({
        kind: 'instance',
        token: instance.tags['windlass:token'] ?? '',
        id: instance.instanceId,
        state: instance.state === 'running' || instance.state === 'stopped' ? instance.state : 'changing',
        cpu: instance.cpu,
        memoryMiB: instance.memoryMiB,
        address: instance.privateIpAddress,
      })),
    ...volumes
      .filter(({ root }) => !root)
      .map((volume): CloudResource => {
        const facts = {
          kind: 'volume',
          token: volume.tags['windlass:token'] ?? '',
          id: volume.volumeId,
          sizeGiB: volume.sizeGiB,
        } as const;
        if (volume.state === 'available') return { ...facts, state: 'available' };
        if (volume.state === 'in-use' && volume.attachmentState === 'attached') {
          const type = instances.find(({ instanceId }) => instanceId === volume.instanceId)?.instanceType;
          const device = toSeenDevice(volume.volumeId, volume.device ?? '', type ?? '');
          return { ...facts, state: 'attached', attachedTo: volume.instanceId ?? '', device };
        }
        return { ...facts, state: 'changing' };
      }),
  ];
}

/** Where a machine of this type sees a volume: since Nitro by its serial number, before under Xen's names. */
function toSeenDevice(volumeId: string, device: string, instanceType: string): string {
  if (/^(t[12]|[mcr][1-4])\./.test(instanceType)) return device.replace('/dev/sd', '/dev/xvd');
  return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace('-', '')}`;
}
