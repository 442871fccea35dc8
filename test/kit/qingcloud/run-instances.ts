import { readChoice, readList, readNumber, requireText, type Params } from './parameters.ts';
import { instanceDemand, requireQuota } from './quotas.ts';
import { denied, invalid, missing, notFound, Refusal } from './refusal.ts';
import type { InstanceState, VolumeState } from './state.ts';
import {
  createPending,
  findVolumes,
  makeId,
  requireState,
  startJob,
  type RequestContext,
} from './request-context.ts';

export const CLASSES = [0, 1, 101, 201];
/** The types of volumes that each class of instances takes. */
const VOLUMES_OF_CLASS: Readonly<Record<number, readonly number[]>> = {
  0: [0, 2, 5],
  1: [3, 2, 5],
  101: [100, 2, 5],
  201: [200, 2, 5],
};
const CPUS = [1, 2, 4, 8, 16];
const MEMORY_MB = [1_024, 2_048, 4_096, 6_144, 8_192, 12_288, 16_384, 24_576, 32_768];
const MAX_USERDATA_BYTES = 4_096;

export function runInstances(context: RequestContext, params: Params): object {
  const { state, settings } = context;
  const image = requireText(params, 'image_id');
  if (!settings.images.includes(image)) throw notFound(image);
  const keyPairs = readLogin(context, params);
  const size = readSize(params);
  const type = readChoice(params, 'instance_class', CLASSES, 0);
  const count = readNumber(params, 'count') ?? 1;
  if (count < 1) throw invalid('count', String(count));
  const placed = readVxnet(context, params, count);
  const userdata = readUserdata(params);
  const volumes = readVolumes(context, params, { count, class: type });
  if (!settings.hasBalance) throw new Refusal(2400, 'NotEnoughMoney, please recharge your account');
  requireQuota(context, instanceDemand({ class: type, ...size }), count);
  if (settings.roomForInstances !== null && settings.roomForInstances < count) {
    throw new Refusal(5200, 'InsufficientResources, no room for the instance in this zone now');
  }
  const made = Array.from({ length: count }, (): InstanceState => {
    const id = makeId(context, 'i');
    const instance: InstanceState = {
      id,
      name: params['instance_name'] ?? '',
      hostname: params['hostname'] ?? id,
      ...size,
      class: type,
      image,
      vxnet: placed.vxnet,
      address: placed.address ?? (placed.vxnet === '' ? '' : chooseAddress(context, placed.vxnet)),
      keyPairs: [...keyPairs],
      volumes: [],
      osDiskGb: readNumber(params, 'os_disk_size') ?? 20,
      gpu: readNumber(params, 'gpu') ?? 0,
      userdata,
      ...createPending(context),
    };
    state.instances.push(instance);
    return instance;
  });
  for (const volume of volumes) {
    volume.transition = 'attaching';
    volume.instance = made[0]?.id ?? '';
  }
  const ids = made.map(({ id }) => id);
  const job = startJob(context, 'RunInstances', [...ids, ...volumes.map(({ id }) => id)]);
  return { instances: ids, job_id: job };
}

/** The key pairs with which one can log in. */
function readLogin({ state }: RequestContext, params: Params): readonly string[] {
  const mode = requireText(params, 'login_mode');
  if (mode === 'passwd') {
    requireText(params, 'login_passwd');
    return [];
  }
  if (mode !== 'keypair') throw invalid('login_mode', mode);
  const id = requireText(params, 'login_keypair');
  if (!state.keyPairs.some((pair) => pair.id === id)) throw notFound(id);
  return [id];
}

/** `cpu` and `memory` win over the type. */
export function readSize(params: Params): {
  readonly type: string;
  readonly cpu: number;
  readonly memoryMb: number;
} {
  const cpu = readNumber(params, 'cpu');
  const memoryMb = readNumber(params, 'memory');
  if (cpu !== undefined || memoryMb !== undefined) {
    if (cpu === undefined) throw missing('cpu');
    if (memoryMb === undefined) throw missing('memory');
    if (!CPUS.includes(cpu)) throw invalid('cpu', String(cpu));
    if (!MEMORY_MB.includes(memoryMb)) throw invalid('memory', String(memoryMb));
    return { type: `c${cpu}m${memoryMb / 1_024}`, cpu, memoryMb };
  }
  const type = requireText(params, 'instance_type');
  const [, cores, gigabytes] = /^c(\d+)m(\d+)$/.exec(type) ?? [];
  const ofType = { cpu: Number(cores), memoryMb: Number(gigabytes) * 1_024 };
  if (!CPUS.includes(ofType.cpu) || !MEMORY_MB.includes(ofType.memoryMb))
    throw invalid('instance_type', type);
  return { type, ...ofType };
}

function readVxnet(
  { state, zone }: RequestContext,
  params: Params,
  count: number,
): { readonly vxnet: string; readonly address: string | undefined } {
  const [named] = readList(params, 'vxnets');
  if (named === undefined) return { vxnet: '', address: undefined };
  const [id = '', address] = named.split('|');
  const vxnet = state.vxnets.find((one) => one.id === id && one.zone === zone);
  if (vxnet === undefined) throw notFound(id);
  if (address === undefined) return { vxnet: id, address };
  if (vxnet.type === 2) throw invalid('vxnets.1', named);
  if (count > 1 || !address.startsWith(`${vxnet.prefix}.`)) throw invalid('vxnets.1', named);
  if (usedAddresses(state.instances, id).has(address)) throw denied(`address [${address}] is already in use`);
  return { vxnet: id, address };
}

function usedAddresses(instances: readonly InstanceState[], vxnet: string): ReadonlySet<string> {
  return new Set(
    instances
      .filter((one) => one.vxnet === vxnet && !['terminated', 'ceased'].includes(one.status))
      .map(({ address }) => address),
  );
}

/** How many addresses of a network are free: .2 to .254 of its /24. */
export function countFreeAddresses({ state }: Pick<RequestContext, 'state'>, vxnet: string): number {
  return 253 - usedAddresses(state.instances, vxnet).size;
}

function chooseAddress({ state }: RequestContext, vxnet: string): string {
  const prefix = state.vxnets.find(({ id }) => id === vxnet)?.prefix ?? '';
  const used = usedAddresses(state.instances, vxnet);
  for (let last = 2; last < 255; last += 1) if (!used.has(`${prefix}.${last}`)) return `${prefix}.${last}`;
  throw new Refusal(5200, `InsufficientResources, [${vxnet}] has no free address`);
}

function readUserdata(params: Params): string {
  if (params['need_userdata'] !== '1') return '';
  const type = params['userdata_type'] ?? 'plain';
  if (!['plain', 'exec', 'tar'].includes(type)) throw invalid('userdata_type', type);
  const bytes = Buffer.from(requireText(params, 'userdata_value'), type === 'tar' ? 'utf8' : 'base64');
  if (bytes.length > MAX_USERDATA_BYTES) throw invalid('userdata_value', `${bytes.length} bytes`);
  return bytes.toString('utf8');
}

function readVolumes(
  context: RequestContext,
  params: Params,
  instance: { readonly count: number; readonly class: number },
): readonly VolumeState[] {
  const ids = readList(params, 'volumes');
  if (ids.length > 0 && instance.count > 1) throw invalid('count', String(instance.count));
  const volumes = findVolumes(context, ids);
  for (const volume of volumes) {
    requireState('volume', volume, ['available'], 'attached');
    requireFittingType(volume, instance.class);
  }
  return volumes;
}

/** @throws Refusal 5600 when the class of the instance does not take volumes of this type */
export function requireFittingType({ id, type }: VolumeState, instanceClass: number): void {
  if (VOLUMES_OF_CLASS[instanceClass]?.includes(type) !== true) {
    throw new Refusal(
      5600,
      `VolumeTypeNotSupported, [${id}] of type [${type}] does not fit class [${instanceClass}]`,
    );
  }
}
