import { readNumber, requireList, requireText, type Params } from './parameters.ts';
import { requireQuota, volumeDemand } from './quotas.ts';
import { denied, invalid, missing, Refusal } from './refusal.ts';
import { requireFittingType } from './run-instances.ts';
import type { VolumeState } from './state.ts';
import {
  createPending,
  findInstances,
  findVolumes,
  makeId,
  requireLease,
  requireState,
  startJob,
  type RequestContext,
} from './request-context.ts';

const TYPES = [0, 2, 3, 5, 100, 200];
const STEP_GB = 10;
const LEAST_GB = 20;

export function createVolumes(context: RequestContext, params: Params): object {
  const { state, settings } = context;
  const sizeGb = readSize(params);
  const type = readNumber(params, 'volume_type') ?? 0;
  if (!TYPES.includes(type)) throw new Refusal(5600, `VolumeTypeNotSupported, there is no type [${type}]`);
  const count = readNumber(params, 'count') ?? 1;
  if (count < 1) throw invalid('count', String(count));
  if (!settings.hasBalance) throw new Refusal(2400, 'NotEnoughMoney, please recharge your account');
  requireQuota(context, volumeDemand({ type, sizeGb }), count);
  const made = Array.from({ length: count }, (): VolumeState => ({
    id: makeId(context, 'vol'),
    name: params['volume_name'] ?? '',
    sizeGb,
    type,
    instance: '',
    device: '',
    ...createPending(context),
  }));
  state.volumes.push(...made);
  const ids = made.map(({ id }) => id);
  return { volumes: ids, job_id: startJob(context, 'CreateVolumes', ids) };
}

/** With `round_up` the size becomes the next that there is. */
function readSize(params: Params): number {
  const size = readNumber(params, 'size');
  if (size === undefined) throw missing('size');
  if (params['round_up'] === '1') return Math.max(LEAST_GB, Math.ceil(size / STEP_GB) * STEP_GB);
  if (size < LEAST_GB || size % STEP_GB !== 0) throw invalid('size', String(size));
  return size;
}

export function attachVolumes(context: RequestContext, params: Params): object {
  const volumes = findVolumes(context, requireList(params, 'volumes'));
  const [instance] = findInstances(context, [requireText(params, 'instance')]);
  if (instance === undefined) return {};
  requireState('instance', instance, ['running', 'stopped'], 'attached to');
  for (const volume of volumes) {
    requireState('volume', volume, ['available'], 'attached');
    requireFittingType(volume, instance.class);
  }
  for (const volume of volumes) {
    volume.transition = 'attaching';
    volume.instance = instance.id;
  }
  return {
    job_id: startJob(
      context,
      'AttachVolumes',
      volumes.map(({ id }) => id),
    ),
  };
}

export function detachVolumes(context: RequestContext, params: Params): object {
  const volumes = findVolumes(context, requireList(params, 'volumes'));
  const [instance] = findInstances(context, [requireText(params, 'instance')]);
  for (const volume of volumes) {
    requireState('volume', volume, ['in-use'], 'detached');
    if (volume.instance !== instance?.id)
      throw denied(`volume [${volume.id}] is not attached to [${instance?.id}]`);
    requireLease(context, volume);
  }
  for (const volume of volumes) volume.transition = 'detaching';
  return {
    job_id: startJob(
      context,
      'DetachVolumes',
      volumes.map(({ id }) => id),
    ),
  };
}

export function resizeVolumes(context: RequestContext, params: Params): object {
  const volumes = findVolumes(context, requireList(params, 'volumes'));
  const sizeGb = readSize(params);
  for (const volume of volumes) {
    requireState('volume', volume, ['available'], 'resized');
    if (sizeGb <= volume.sizeGb)
      throw denied(`volume [${volume.id}] can only become larger than [${volume.sizeGb}]`);
    const more = volumeDemand({ type: volume.type, sizeGb: sizeGb - volume.sizeGb });
    const demand = Object.fromEntries(Object.entries(more).filter(([name]) => name.endsWith('volume_size')));
    requireQuota(context, demand, 1);
  }
  for (const volume of volumes) volume.transition = 'updating';
  return {
    job_id: startJob(
      context,
      'ResizeVolumes',
      volumes.map(({ id }) => id),
      { sizeGb },
    ),
  };
}

export function deleteVolumes(context: RequestContext, params: Params): object {
  const volumes = findVolumes(context, requireList(params, 'volumes'));
  for (const volume of volumes) {
    requireState('volume', volume, ['available'], 'deleted');
    requireLease(context, volume);
  }
  for (const volume of volumes) volume.transition = 'deleting';
  return {
    job_id: startJob(
      context,
      'DeleteVolumes',
      volumes.map(({ id }) => id),
    ),
  };
}
