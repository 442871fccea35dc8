import type { Volume, VolumeModification } from '@aws-sdk/client-ec2';
import { WindlassError, type VolumeSpec } from '../../../domain/index.ts';
import type { EffectCall, NodeTaskContext, ProviderHandler } from '../../../provider/index.ts';
import { isMissingForLong, persistsFor, volumeGone } from '../../../provider-utils/index.ts';
import type { RequestCall } from '../cloud/open-cloud.ts';
import { getResources, getWatchedResources, type Resources } from '../cloud/resources.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import type { FindAwsRuntime, AwsRuntime } from '../aws-runtime.ts';
import { watch, type Timing } from './timing.ts';
import { isVolumeGone, loadItems, observeItems, toNodeVolumes, type VolumeItem } from './volumes.ts';

/** Volumes grow while they are attached or not; AWS allows one change in six hours. */
export function createResizePair(
  findRuntime: FindAwsRuntime,
  timing: Timing,
): Pick<ProviderHandler, 'resizeVolumes' | 'waitResizeVolumes'> {
  return {
    async resizeVolumes(context, call) {
      const aws = findRuntime(context);
      for (const { spec, row, volume } of await loadItems(aws, call, context)) {
        if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
        await resizeVolume(aws, call, { spec, row, volume });
      }
      return { state: 'started' };
    },
    waitResizeVolumes: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const aws = findRuntime(context);
        const items = await observeItems(aws, look, context);
        for (const { spec, volume } of items) {
          const seen = `volume ${spec.index} is not shown by AWS`;
          const missing = isMissingForLong(look.cursor, seen, timing.settleMs);
          if (volume === undefined && !missing.forLong) return missing.observation;
          if (volume === undefined || isVolumeGone(volume)) throw volumeGone(context, spec);
          if ((volume.Size ?? 0) >= spec.sizeGiB) continue;
          const modification = await readModification(look, volume, getWatchedResources(aws.cloud));
          if (modification?.ModificationState === 'failed') {
            // May be the modification before: one that began a moment ago may not be shown yet.
            const failed = persistsFor(look.cursor, 'failedSinceMs', {
              seen: `the last change of volume ${volume.VolumeId} failed`,
              limitMs: timing.settleMs,
            });
            if (failed.forLong) throw resizeFailed(volume, modification);
            return failed.observation;
          }
          const state = modification?.ModificationState ?? 'not begun';
          return {
            state: 'pending',
            seen: `volume ${volume.VolumeId} still has ${volume.Size} GiB (${state})`,
          };
        }
        return {
          state: 'done',
          changes: { node: { volumes: keepDevices(context, toNodeVolumes(context, items)) } },
        };
      }),
  };
}

async function resizeVolume(
  aws: AwsRuntime,
  call: EffectCall,
  { spec, row, volume }: VolumeItem & { readonly volume: Volume },
): Promise<void> {
  const size = volume.Size ?? 0;
  if (spec.sizeGiB < size) throw shrinkError(volume, spec);
  if (spec.sizeGiB === size) return;
  const modification = await readModification(call, volume, getResources(aws.cloud));
  // Requested already: the volume may have been read before it had its new size.
  const begun = modification !== undefined && modification.ModificationState !== 'failed';
  if (begun && (modification.TargetSize ?? 0) >= spec.sizeGiB) return;
  await call
    .effect(row.token, () =>
      aws.cloud.ec2(call, 'ModifyVolume', (ec2, options) =>
        ec2.modifyVolume({ VolumeId: volume.VolumeId, Size: spec.sizeGiB }, options),
      ),
    )
    .catch(async (error: unknown) => {
      if (!isAwsCode(error, 'VolumeModificationRateExceeded', 'IncorrectModificationState')) throw error;
      // By another request, or by this one, which the network may have delivered twice.
      const last = await readModification(call, volume, getResources(aws.cloud));
      if (last?.ModificationState !== 'failed' && (last?.TargetSize ?? 0) >= spec.sizeGiB) return;
      throw coolingDown(volume, last);
    });
}

async function readModification(
  call: RequestCall,
  volume: Volume,
  resources: Resources,
): Promise<VolumeModification | undefined> {
  return resources.modificationOfVolume(call, volume.VolumeId ?? '');
}

/** A volume stays attached while it grows. */
function keepDevices(context: NodeTaskContext, volumes: ReturnType<typeof toNodeVolumes>) {
  return volumes.map((volume) => ({
    ...volume,
    device: context.node.volumes.find(({ index }) => index === volume.index)?.device ?? '',
  }));
}

const COOL_DOWN_HOURS = 6;

function coolingDown(volume: Volume, modification: VolumeModification | undefined): WindlassError {
  const since = modification?.StartTime;
  const until = since === undefined ? undefined : new Date(since.getTime() + COOL_DOWN_HOURS * 3_600_000);
  return new WindlassError('conflict', `volume ${volume.VolumeId} was changed less than six hours ago`, {
    code: 'AWS_VOLUME_COOLDOWN',
    hint: `AWS allows one change of a volume in six hours; try again ${until === undefined ? 'then' : `after ${until.toISOString()}`}`,
  });
}

function resizeFailed(volume: Volume, modification: VolumeModification): WindlassError {
  return new WindlassError(
    'conflict',
    `AWS could not change volume ${volume.VolumeId}: ${modification.StatusMessage ?? 'it does not say why'}`,
    { code: 'AWS_VOLUME_ERROR', hint: 'check the volume in the console of EC2' },
  );
}

function shrinkError(volume: Volume, spec: VolumeSpec): WindlassError {
  return new WindlassError(
    'invalid-input',
    `volume ${volume.VolumeId} has ${volume.Size} GiB and cannot shrink to ${spec.sizeGiB}`,
    { code: 'VOLUME_SHRINK', field: 'sizeGiB' },
  );
}
