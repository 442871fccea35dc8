import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createConformancePackage,
  type ConformanceHarness,
  type CloudResource,
} from '../../src/conformance/index.ts';
import { createNodeShell } from '../../src/nodes/index.ts';
import { createLocalProvider, openLocalCloud, type LocalCloud } from '../../src/providers/local/index.ts';

const NO_API = 'a machine is a process of this one, and nothing is asked over a wire';

/** What the local cloud has nothing of. */
export const LOCAL_WITHOUT = {
  countRequests: NO_API,
  holdAnswers: NO_API,
  disturb: NO_API,
  fillFirstPlacement: 'a node has one place only',
  fillAllPlacements: 'a machine is full when its quotas are used up',
};

/** The local provider with a cloud in a folder of its own. */
export async function createLocalHarness(
  change: (cloud: LocalCloud) => LocalCloud = (cloud) => cloud,
): Promise<ConformanceHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-conformance-'));
  const cloud = openLocalCloud(folder);
  const nodes = createNodeShell();
  const runtime = {
    runtimeId: 'rt-local',
    name: 'local',
    provider: 'local',
    url: '',
    zone: 'local-1',
    settings: { addressRange: '127.83.0.0/16' },
    account: 'local',
    region: 'local',
    createdAt: '2026-01-01T00:00:00Z',
  };
  return {
    provider: createLocalProvider({ folder, nodes, cloud: change(cloud) }),
    runtime,
    credential: {},
    // Every user who may run a worker may run processes: the local provider has no credentials.
    badCredential: null,
    content: createConformancePackage(),
    conf: { cluster: { name: 'conformance' } },
    nodesReachable: true,
    vpcId: 'local',
    cloud: {
      list: () => listResources(cloud),
      destroyInstance: (id) => cloud.deleteInstance(id),
      failInstance: (id) => cloud.stopInstance(id),
    },
    logs: () =>
      globSync(join(folder, '**', '*.log'))
        .map((file) => readFileSync(file, 'utf8'))
        .join('\n'),
    plantedSecrets: [],
    makeQuotaTight: async () => ({
      ...runtime,
      settings: { ...runtime.settings, quotaInstances: '0', quotaVolumes: '0' },
    }),
    async dispose() {
      await nodes.close();
      for (const { id } of await cloud.listInstances()) await cloud.deleteInstance(id);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A cloud that knows nothing of what it has made: asked for the same again, it makes another. */
export function forgetWhatExists(cloud: LocalCloud): LocalCloud {
  return {
    ...cloud,
    findInstance: async () => null,
    findVolume: async () => null,
    async makeInstance(spec, quotas) {
      const known = await cloud.getInstance(spec.id);
      return cloud.makeInstance(known === null ? spec : { ...spec, id: `i-${newSuffix()}` }, quotas);
    },
    async makeVolume(spec, quotas) {
      const known = await cloud.getVolume(spec.id);
      return cloud.makeVolume(known === null ? spec : { ...spec, id: `vol-${newSuffix()}` }, quotas);
    },
  };
}

function newSuffix(): string {
  return randomUUID().replaceAll('-', '').slice(0, 12);
}

async function listResources(cloud: LocalCloud): Promise<readonly CloudResource[]> {
  const instances = (await cloud.listInstances()).map(
    ({ id, token, state, cpu, memoryMiB, address }): CloudResource => ({
      kind: 'instance',
      id,
      token,
      cpu,
      memoryMiB,
      address,
      state: state === 'booting' ? 'changing' : state,
    }),
  );
  const volumes = (await cloud.listVolumes()).map(({ id, token, sizeGiB, attachment }): CloudResource => {
    const volume = { kind: 'volume', id, token, sizeGiB } as const;
    if (attachment === null) return { ...volume, state: 'available' };
    return {
      ...volume,
      state: 'attached',
      attachedTo: attachment.instanceId,
      device: attachment.device,
    };
  });
  return [...instances, ...volumes];
}
