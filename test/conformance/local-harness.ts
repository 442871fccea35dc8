import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createConformancePackage,
  type ConformanceHarness,
  type WorldResource,
} from '../../src/conformance/index.ts';
import { createNodeShell } from '../../src/nodes/index.ts';
import { createLocalProvider, openLocalWorld, type LocalWorld } from '../../src/providers/local/index.ts';

const NO_API = 'a machine is a process of this one, and nothing is asked over a wire';

/** What the local world has nothing of. */
export const LOCAL_WITHOUT = {
  countRequests: NO_API,
  holdAnswers: NO_API,
  disturb: NO_API,
  makeFirstPlaceFull: 'a node has one place only',
};

/** The local provider with a world in a folder of its own. */
export async function createLocalHarness(
  change: (world: LocalWorld) => LocalWorld = (world) => world,
): Promise<ConformanceHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-conformance-'));
  const world = openLocalWorld(folder);
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
    provider: createLocalProvider({ folder, nodes, world: change(world) }),
    runtime,
    credential: {},
    // Every user who may run a worker may run processes: the local provider has no credentials.
    badCredential: null,
    content: createConformancePackage(),
    conf: { cluster: { name: 'conformance' } },
    nodesReachable: true,
    vpcId: 'local',
    world: {
      list: () => listResources(world),
      destroyInstance: (id) => world.deleteInstance(id),
      failInstance: (id) => world.stopInstance(id),
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
      for (const { id } of await world.listInstances()) await world.deleteInstance(id);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A world that knows nothing of what it has made: asked for the same again, it makes another. */
export function forgetWhatExists(world: LocalWorld): LocalWorld {
  return {
    ...world,
    findInstance: async () => null,
    findVolume: async () => null,
    async makeInstance(spec, quotas) {
      const known = await world.getInstance(spec.id);
      return world.makeInstance(known === null ? spec : { ...spec, id: `i-${newSuffix()}` }, quotas);
    },
    async makeVolume(spec, quotas) {
      const known = await world.getVolume(spec.id);
      return world.makeVolume(known === null ? spec : { ...spec, id: `vol-${newSuffix()}` }, quotas);
    },
  };
}

function newSuffix(): string {
  return randomUUID().replaceAll('-', '').slice(0, 12);
}

async function listResources(world: LocalWorld): Promise<readonly WorldResource[]> {
  const instances = (await world.listInstances()).map(
    ({ id, token, state, cpu, memoryMiB, address }): WorldResource => ({
      kind: 'instance',
      id,
      token,
      cpu,
      memoryMiB,
      address,
      state: state === 'booting' ? 'changing' : state,
    }),
  );
  const volumes = (await world.listVolumes()).map(({ id, token, sizeGiB, attachment }): WorldResource => {
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
