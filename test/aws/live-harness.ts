import {
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  type Tag,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  createConformancePackage,
  type ConformanceHarness,
  type CloudResource,
} from '../../src/conformance/index.ts';
import type { Credential, Runtime } from '../../src/domain/index.ts';
import { createNodeShell } from '../../src/nodes/index.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';

/** What a run against the real AWS needs; all from the environment. */
export interface LiveAccount {
  readonly zone: string;
  readonly region: string;
  /** Of a cloud that speaks EC2's language; empty for AWS itself. */
  readonly url: string;
  readonly credential: Credential;
  readonly settings: Readonly<Record<string, string>>;
}

/** Null if no account is named: `WINDLASS_TEST_AWS_ZONE`, and usually the keys beside it. */
export function findLiveAccount(env: NodeJS.ProcessEnv): LiveAccount | null {
  const zone = env['WINDLASS_TEST_AWS_ZONE'];
  if (zone === undefined || zone === '') return null;
  return {
    zone,
    region: zone.replace(/[a-z]$/, ''),
    url: env['WINDLASS_TEST_AWS_URL'] ?? '',
    credential: JSON.parse(env['WINDLASS_TEST_AWS_CREDENTIAL'] ?? '{}') as Credential,
    settings: JSON.parse(env['WINDLASS_TEST_AWS_SETTINGS'] ?? '{}') as Readonly<Record<string, string>>,
  };
}

/** The aws provider before the real AWS. What it makes costs money until it is deleted. */
export function createLiveHarness(account: LiveAccount): ConformanceHarness {
  const { accessKeyId, secretAccessKey, sessionToken } = account.credential;
  const keys =
    accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        };
  const endpoint = account.url === '' ? {} : { endpoint: account.url };
  const ec2 = new EC2Client({ region: account.region, ...endpoint, ...keys });
  const nodes = createNodeShell();
  const runtime: Runtime = {
    runtimeId: 'rt-live',
    name: 'live',
    provider: 'aws',
    url: account.url,
    zone: account.zone,
    settings: account.settings,
    account: 'live',
    region: account.region,
    createdAt: '2026-01-01T00:00:00Z',
  };
  return {
    // The user who runs this allows the worker to use the identity that the variables name.
    provider: createAwsProvider({
      nodes,
      credentials: {
        allowOwnIdentity: true,
        allowedProfiles: [account.credential['profile'] ?? ''],
        allowedTokenFiles: [account.credential['webIdentityTokenFile'] ?? ''],
      },
    }),
    runtime,
    credential: account.credential,
    badCredential: null,
    content: createConformancePackage(),
    conf: { cluster: { name: 'windlass-live-test' } },
    nodesReachable: false,
    vpcId: '',
    cloud: {
      list: () => listResources(ec2),
      async destroyInstance(id) {
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      },
    },
    logs: () => '',
    plantedSecrets: [],
    makeQuotaTight: async () => runtime,
    async dispose() {
      await nodes.close();
      ec2.destroy();
    },
  };
}

async function listResources(ec2: EC2Client): Promise<readonly CloudResource[]> {
  const Filters = [{ Name: 'tag-key', Values: ['windlass:token'] }];
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  const tokenOf = ({ Tags = [] }: { readonly Tags?: Tag[] | undefined }): string =>
    Tags.find(({ Key }) => Key === 'windlass:token')?.Value ?? '';
  const instances = Reservations.flatMap((reservation) => reservation.Instances ?? []);
  return [
    ...instances
      .filter(({ State }) => State?.Name !== 'terminated')
      .map((instance): CloudResource => {
        const state = instance.State?.Name;
        return {
          kind: 'instance',
          token: tokenOf(instance),
          id: instance.InstanceId ?? '',
          state: state === 'running' || state === 'stopped' ? state : 'changing',
        };
      }),
    ...Volumes.map((volume): CloudResource => {
      const [attachment] = volume.Attachments ?? [];
      const facts = {
        kind: 'volume',
        token: tokenOf(volume),
        id: volume.VolumeId ?? '',
        sizeGiB: volume.Size ?? 0,
      } as const;
      if (volume.State === 'available') return { ...facts, state: 'available' };
      if (attachment?.State !== 'attached') return { ...facts, state: 'changing' };
      return { ...facts, state: 'attached', attachedTo: attachment.InstanceId ?? '' };
    }),
  ];
}
