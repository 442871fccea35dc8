import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { WindlassError } from '../../domain/index.ts';
import type { ClusterNode, Credential, NodeStatus } from '../../domain/index.ts';
import type { ClusterStatusRequest } from '../../provider/index.ts';
import { findNodeRow, statusWithoutInstance } from '../../provider-utils/index.ts';
import type { VmEnvironment } from '../../vm/index.ts';
import { assertCapacity } from './capacity.ts';
import { assertZone, type LocalSettings } from './settings.ts';
import { parseAddressRange, toAddress } from './cloud/address-range.ts';
import { canListen, SSH_PORT } from './cloud/addresses.ts';
import { ensureFolder, folderError, hasErrno, onDisk } from './cloud/files.ts';
import type { Instance, LocalCloud } from './cloud/local-cloud.ts';
import type { FindCloud } from './find-cloud.ts';

const VPC_ID = 'local';
const REGION = 'local';
const SUBNET_PREFIX = 'subnet-';

/** The checks that only the cloud can do; here the cloud is a folder of this machine. */
export function createLocalEnvironment(findCloud: FindCloud): VmEnvironment {
  return {
    async describeSubnets({ runtime }) {
      const { cloud, settings } = findCloud(runtime.settings);
      const { cidr, size } = parseAddressRange(settings.addressRange);
      const freeAddresses = Math.max(0, size - (await cloud.countAddresses()));
      return settings.zones.map((zone) => ({
        subnetId: `${SUBNET_PREFIX}${zone}`,
        name: `loopback of ${zone}`,
        vpcId: VPC_ID,
        zone,
        cidr,
        freeAddresses,
      }));
    },

    async describeVpc({ runtime, vpcId }) {
      const { settings } = findCloud(runtime.settings);
      if (vpcId !== VPC_ID) {
        throw new WindlassError('not-found', `there is no VPC ${JSON.stringify(vpcId)}`, {
          code: 'VPC_NOT_FOUND',
          field: 'vpcId',
          hint: `the local provider has one: ${VPC_ID}`,
        });
      }
      return {
        vpcId,
        name: 'loopback of this machine',
        cidr: settings.addressRange,
        status: 'available',
        subnetIds: settings.zones.map((zone) => `${SUBNET_PREFIX}${zone}`),
      };
    },

    async checkResource(request) {
      const { cloud, settings } = findCloud(request.runtime.settings);
      assertZone(settings, request.runtime.zone);
      assertSubnet(settings, request.cluster.cluster.subnetId);
      await assertCapacity(cloud, settings, request);
    },

    async validateCredential({ credential, settings: given, zone }) {
      assertNoCredential(credential);
      const { cloud, settings } = findCloud(given);
      assertZone(settings, zone);
      await assertWritable(cloud);
      await canListen(toAddress(parseAddressRange(settings.addressRange), 0), 0);
      return { account: toAccount(hostname()), region: REGION };
    },

    async describeRuntimeProviderZones({ settings }) {
      return findCloud(settings).settings.zones;
    },

    async updateClusterStatus(request) {
      const { cloud } = findCloud(request.runtime.settings);
      return {
        nodes: await Promise.all(
          request.cluster.nodes.map(async (node) => {
            const { instance, status } = await lookAt(cloud, request, node);
            if (instance === null) return { nodeId: node.nodeId, status };
            return {
              nodeId: node.nodeId,
              status,
              change: { instanceId: instance.id, privateIp: instance.address },
            };
          }),
        ),
      };
    },

    async describeClusterDetails(request) {
      const { cloud } = findCloud(request.runtime.settings);
      const processes = await cloud.listProcesses();
      const nodes = await Promise.all(
        request.cluster.nodes.map(async (node) => {
          const { instance, status } = await lookAt(cloud, request, node);
          const count = processes.filter(({ instanceId }) => instanceId === instance?.id).length;
          return {
            nodeId: node.nodeId,
            state: instance?.state ?? status,
            facts: instance === null ? {} : toFacts(instance, count),
          };
        }),
      );
      return { nodes, facts: { folder: cloud.folder } };
    },
  };
}

async function lookAt(
  cloud: LocalCloud,
  request: ClusterStatusRequest,
  node: ClusterNode,
): Promise<{ readonly instance: Instance | null; readonly status: NodeStatus }> {
  const row = findNodeRow(request, node);
  const instance =
    (row === undefined ? null : await cloud.findInstance(row.token)) ??
    (node.instanceId === '' ? null : await cloud.getInstance(node.instanceId));
  if (instance !== null) return { instance, status: STATUS_OF_STATE[instance.state] };
  return { instance, status: statusWithoutInstance(node, row) };
}

const STATUS_OF_STATE: Readonly<Record<Instance['state'], NodeStatus>> = {
  booting: 'pending',
  running: 'active',
  stopped: 'stopped',
};

function toFacts(instance: Instance, processCount: number): Readonly<Record<string, string>> {
  return {
    instanceId: instance.id,
    address: instance.address,
    ssh: `${instance.address}:${SSH_PORT}`,
    zone: instance.zone,
    root: instance.root,
    processes: String(processCount),
    containment: instance.containment,
    createdAt: instance.createdAt,
    ...(instance.pid === null ? {} : { machinePid: String(instance.pid) }),
    ...(instance.bootFailure === null ? {} : { bootFailure: instance.bootFailure }),
  };
}

function assertSubnet(settings: LocalSettings, subnetId: string): void {
  if (subnetId === '' || settings.zones.some((zone) => `${SUBNET_PREFIX}${zone}` === subnetId)) return;
  throw new WindlassError('not-found', `there is no subnet ${JSON.stringify(subnetId)}`, {
    code: 'SUBNET_NOT_FOUND',
    field: 'cluster.vxnet',
    hint: `choose one of: ${settings.zones.map((zone) => SUBNET_PREFIX + zone).join(', ')}`,
  });
}

/** Writes and removes a test file; the folder itself stays, because all data will be in it. */
async function assertWritable(cloud: LocalCloud): Promise<void> {
  await onDisk(cloud.folder, async () => {
    const probe = join(cloud.folder, `.probe-${randomBytes(6).toString('hex')}`);
    await ensureFolder(cloud.folder).catch((error: unknown) => {
      throw hasErrno(error, 'ENOENT', 'ENOTDIR') ? folderError(cloud.folder, error) : error;
    });
    try {
      await writeFile(probe, 'windlass');
    } finally {
      await rm(probe, { force: true });
    }
  });
}

/** A credential that is given anyway was meant for another provider, and would be stored without any use. */
function assertNoCredential(credential: Credential): void {
  if (Object.keys(credential).length === 0) return;
  throw new WindlassError('invalid-input', 'local needs no credential: it runs on this machine', {
    code: 'LOCAL_CREDENTIAL',
    field: 'credential',
    hint: 'leave --credential out, or name the provider that the credential is for',
  });
}

/** The machine is the account: its name is part of queue names, hence lower case letters, digits and `-`. */
function toAccount(name: string): string {
  const account = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return account === '' ? 'localhost' : account;
}
