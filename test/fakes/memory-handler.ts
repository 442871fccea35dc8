import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError, type LedgerResource, type NodeVolume } from '../../src/domain/index.ts';
import type {
  Call,
  NodeTaskContext,
  ObserveCall,
  Observation,
  ProviderHandler,
} from '../../src/provider/index.ts';
import { listTaskVolumes, makeCloudConfig } from '../../src/provider-utils/index.ts';
import type { InstanceAnswer, MemoryApi, VolumeAnswer } from './memory-cloud.ts';

/** Where a frontgate is put; everything else is in the cloud's only private one. */
export const PUBLIC_SUBNET = 'subnet-public';

/** How the handler finds what exists; a mutant finds nothing. */
export interface MemoryLookUp {
  findInstance(apiKey: string, token: string): Promise<InstanceAnswer | undefined>;
  findVolume(apiKey: string, token: string): Promise<VolumeAnswer | undefined>;
}

export function createMemoryLookUp(cloud: MemoryApi): MemoryLookUp {
  return {
    findInstance: async (apiKey, token) =>
      (await cloud.describeInstances(apiKey)).find((instance) => instance.token === token),
    findVolume: async (apiKey, token) =>
      (await cloud.describeVolumes(apiKey)).find((volume) => volume.token === token),
  };
}

/**
 * The ten pairs on the memory cloud, with all the care that the contract asks for. `user` is who
 * logs in, where there are machines behind it.
 */
export function createMemoryHandler(
  cloud: MemoryApi,
  lookUp: MemoryLookUp,
  { user }: { readonly user?: string } = {},
): ProviderHandler {
  const keyOf = (context: NodeTaskContext): string => context.credential['apiKey'] ?? '';

  async function findInstance(context: NodeTaskContext): Promise<InstanceAnswer | undefined> {
    const row = context.resources['instance'];
    return row === undefined ? undefined : lookUp.findInstance(keyOf(context), row.token);
  }

  /** Each volume of the directive with its row and what the cloud has; those never intended are left out. */
  async function findVolumes(context: NodeTaskContext) {
    const found = [];
    for (const spec of listTaskVolumes(context)) {
      const row = context.resources[`volume-${spec.index}`];
      if (row !== undefined)
        found.push({ spec, row, volume: await lookUp.findVolume(keyOf(context), row.token) });
    }
    return found;
  }

  /** What the node may show of its volumes, by the cloud's word. */
  function toNodeVolumes(found: Awaited<ReturnType<typeof findVolumes>>): readonly NodeVolume[] {
    return found.map(({ spec, volume }) => ({
      index: spec.index,
      volumeId: volume?.id ?? '',
      sizeGiB: volume?.sizeGiB ?? spec.sizeGiB,
      device: volume?.device ?? '',
      mountPoint: spec.mountPoint,
    }));
  }

  async function waitForState(context: NodeTaskContext, call: ObserveCall, state: 'running' | 'stopped') {
    return watch(call, async (): Promise<Observation> => {
      const instance = await findInstance(context);
      if (instance === undefined && state === 'stopped')
        return { state: 'done', changes: { node: { status: 'stopped' } } };
      if (instance?.state === 'error') {
        throw new WindlassError('conflict', `instance ${instance.id} failed`, { code: 'INSTANCE_FAILED' });
      }
      if (instance?.state !== state)
        return { state: 'pending', seen: `instance is ${instance?.state ?? 'not there'}` };
      const ssh = { port: 22, user: user ?? '', hostKey: context.access.hostPublicKey, root: '' };
      const node =
        state === 'running'
          ? { status: 'active', privateIp: instance.address, ...(user === undefined ? {} : { ssh }) }
          : { status: state };
      return { state: 'done', changes: { node } } as Observation;
    });
  }

  async function waitForVolumes(
    context: NodeTaskContext,
    call: ObserveCall,
    isThere: (volume: VolumeAnswer | undefined, sizeGiB: number) => boolean,
  ) {
    return watch(call, async (): Promise<Observation> => {
      const found = await findVolumes(context);
      const missing = found.filter(({ volume, spec }) => !isThere(volume, spec.sizeGiB));
      if (missing.length > 0)
        return { state: 'pending', seen: `${missing.length} volumes are not there yet` };
      return { state: 'done', changes: { node: { volumes: toNodeVolumes(found) } } };
    });
  }

  return {
    async runInstances(context, call) {
      const row = getRow(context, 'instance');
      let id = (await findInstance(context))?.id;
      if (id === undefined) {
        id = await call.effect(row.token, () =>
          cloud.runInstance(
            keyOf(context),
            row.token,
            sizeOf(context),
            user === undefined ? undefined : toUserData(context, user),
            context.cluster.purpose === 'frontgate' ? PUBLIC_SUBNET : undefined,
          ),
        );
      }
      const resources = [{ token: row.token, state: 'made', cloudId: id }] as const;
      return { state: 'started', changes: { resources, node: { instanceId: id } } };
    },
    waitRunInstances: (context, call) => waitForState(context, call, 'running'),

    async stopInstances(context, call) {
      const instance = await findInstance(context);
      if (instance === undefined || instance.state === 'stopped') return { state: 'started' };
      const { token } = getRow(context, 'instance');
      await call.effect(token, () => cloud.setState(keyOf(context), instance.id, 'stopped'));
      return { state: 'started' };
    },
    waitStopInstances: (context, call) => waitForState(context, call, 'stopped'),

    async startInstances(context, call) {
      const instance = await findInstance(context);
      const { token } = getRow(context, 'instance');
      if (instance === undefined) throw instanceGone(token);
      if (instance.state === 'running') return { state: 'started' };
      await call.effect(token, () => cloud.setState(keyOf(context), instance.id, 'running'));
      return { state: 'started' };
    },
    waitStartInstances: (context, call) => waitForState(context, call, 'running'),

    async deleteInstances(context, call) {
      const instance = await findInstance(context);
      if (instance === undefined) return { state: 'started' };
      const { token } = getRow(context, 'instance');
      await call.effect(token, () => cloud.deleteInstance(keyOf(context), instance.id));
      return { state: 'started' };
    },
    waitDeleteInstances: (context, call) =>
      watch(call, async () => {
        const instance = await findInstance(context);
        if (instance !== undefined)
          return { state: 'pending', seen: `instance ${instance.id} is still there` };
        const resources = Object.values(context.resources).filter((row) => row.kind === 'instance');
        return {
          state: 'done',
          changes: { resources: toGone(resources), node: { status: 'deleted', instanceId: '' } },
        };
      }),

    async resizeInstances(context, call) {
      const instance = await findInstance(context);
      const { token } = getRow(context, 'instance');
      if (instance === undefined) throw instanceGone(token);
      await call.effect(token, () => cloud.resizeInstance(keyOf(context), instance.id, sizeOf(context)));
      return { state: 'started' };
    },
    waitResizeInstances: (context, call) =>
      watch(call, async () => {
        const instance = await findInstance(context);
        const { cpu, memoryMiB } = sizeOf(context);
        if (instance?.cpu === cpu && instance.memoryMiB === memoryMiB) return { state: 'done' };
        return { state: 'pending', seen: `instance has ${instance?.cpu ?? 0} CPUs` };
      }),

    async createVolumes(context, call) {
      const resources = [];
      for (const { spec, row, volume } of await findVolumes(context)) {
        let id = volume?.id;
        if (id === undefined) {
          id = await call.effect(row.token, () =>
            cloud.createVolume(keyOf(context), row.token, spec.sizeGiB),
          );
        }
        resources.push({ token: row.token, state: 'made', cloudId: id } as const);
      }
      return { state: 'started', changes: { resources } };
    },
    waitCreateVolumes: (context, call) => waitForVolumes(context, call, (volume) => volume !== undefined),

    async attachVolumes(context, call) {
      const instance = await findInstance(context);
      if (instance === undefined) throw instanceGone(context.task.nodeId ?? '');
      for (const { spec, row, volume } of await findVolumes(context)) {
        if (volume === undefined) {
          throw new WindlassError('not-found', `there is no volume ${row.token}`, {
            code: 'VOLUME_NOT_FOUND',
          });
        }
        if (volume.attachedTo === instance.id) continue;
        await call.effect(row.token, () =>
          cloud.attachVolume(keyOf(context), volume.id, instance.id, `/dev/vd${'bcdefg'[spec.index] ?? 'z'}`),
        );
      }
      return { state: 'started' };
    },
    waitAttachVolumes: (context, call) =>
      waitForVolumes(context, call, (volume) => (volume?.device ?? '') !== ''),

    async detachVolumes(context, call) {
      for (const { row, volume } of await findVolumes(context)) {
        if (volume === undefined || volume.attachedTo === null) continue;
        await call.effect(row.token, () => cloud.detachVolume(keyOf(context), volume.id));
      }
      return { state: 'started' };
    },
    waitDetachVolumes: (context, call) =>
      waitForVolumes(context, call, (volume) => volume === undefined || volume.attachedTo === null),

    async deleteVolumes(context, call) {
      for (const { row, volume } of await findVolumes(context)) {
        if (volume === undefined) continue;
        await call.effect(row.token, () => cloud.deleteVolume(keyOf(context), volume.id));
      }
      return { state: 'started' };
    },
    waitDeleteVolumes: (context, call) =>
      watch(call, async () => {
        const found = await findVolumes(context);
        const left = found.filter(({ volume }) => volume !== undefined);
        if (left.length > 0) return { state: 'pending', seen: `${left.length} volumes are still there` };
        const resources = toGone(found.map(({ row }) => row));
        return { state: 'done', changes: { resources, node: { volumes: toNodeVolumes(found) } } };
      }),

    async resizeVolumes(context, call) {
      for (const { spec, row, volume } of await findVolumes(context)) {
        if (volume === undefined) {
          throw new WindlassError('not-found', `there is no volume ${row.token}`, {
            code: 'VOLUME_NOT_FOUND',
          });
        }
        if (spec.sizeGiB < volume.sizeGiB) {
          throw new WindlassError(
            'invalid-input',
            `volume ${volume.id} of ${volume.sizeGiB} GiB cannot shrink`,
            {
              code: 'VOLUME_SHRINK',
            },
          );
        }
        if (spec.sizeGiB === volume.sizeGiB) continue;
        await call.effect(row.token, () => cloud.resizeVolume(keyOf(context), volume.id, spec.sizeGiB));
      }
      return { state: 'started' };
    },
    waitResizeVolumes: (context, call) =>
      waitForVolumes(context, call, (volume, sizeGiB) => (volume?.sizeGiB ?? 0) >= sizeGiB),
  };
}

/** What every image with cloud-init supports. */
function toUserData({ access, node }: NodeTaskContext, user: string): string {
  const { authorizedKey, hostPrivateKey, hostPublicKey } = access;
  return makeCloudConfig({ authorizedKey, hostPrivateKey, hostPublicKey, hostname: node.nodeId, user });
}

/** Polls until it is done or the time to watch is over. */
async function watch(call: ObserveCall, poll: () => Promise<Observation>): Promise<Observation> {
  const until = Date.now() + call.watchMs;
  for (;;) {
    refuseWhenCancelled(call);
    const observation = await poll();
    if (observation.state === 'done' || Date.now() >= until) return observation;
    await sleep(5);
  }
}

/** @throws cancelled */
export function refuseWhenCancelled(call: Call): void {
  if (call.signal.aborted)
    throw new WindlassError('cancelled', 'the call was cancelled', { code: 'CANCELLED' });
}

function getRow(context: NodeTaskContext, kind: string): LedgerResource {
  const row = context.resources[kind];
  if (row !== undefined) return row;
  throw new WindlassError('not-found', `node ${context.node.nodeId} has no ${kind}`, {
    code: 'RESOURCE_NOT_FOUND',
  });
}

function toGone(rows: readonly LedgerResource[]) {
  return rows.map((row) => ({ token: row.token, state: 'gone' }) as const);
}

function instanceGone(token: string): WindlassError {
  return new WindlassError('not-found', `no instance carries ${token}`, { code: 'INSTANCE_NOT_FOUND' });
}

function sizeOf(context: NodeTaskContext<'RunInstances' | 'ResizeInstances'>) {
  const { cpu, memoryMiB } = context.task.directive;
  return { cpu, memoryMiB };
}
