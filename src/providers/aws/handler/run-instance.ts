import type { Instance } from '@aws-sdk/client-ec2';
import { WindlassError, type LedgerResource, type ResourceChange } from '../../../domain/index.ts';
import type { EffectCall, HandleResult, NextGeneration, NodeTaskContext } from '../../../provider/index.ts';
import { instanceRow, mayBeMade } from '../../../provider-utils/index.ts';
import type { MachineImage } from '../cloud/catalogue.ts';
import { isAwsCode, isCapacityError } from '../cloud/to-windlass-error.ts';
import { choosePlacementAfter, type Placement } from '../placements.ts';
import type { AwsRuntime } from '../aws-runtime.ts';
import type { AwsSettings } from '../settings.ts';
import { notYet } from './not-yet.ts';
import { findInstance, isDead } from './find-instance.ts';
import { mayMoveVolumes } from './move-volumes.ts';
import { ensureFrontgateGroups } from './frontgate-group.ts';
import { findNodeImage, listPlacementsOf } from './node-placements.ts';
import { toRunInstancesInput } from './run-request.ts';

/**
 * Runs the instance of a node once: adopts the instance that carries the token; otherwise requests one
 * under a client token. If AWS has no capacity, or the instance has died, the row is abandoned and the
 * next generation is attempted in the next placement (`again`).
 */
export async function runInstance(
  aws: AwsRuntime,
  context: NodeTaskContext<'RunInstances'>,
  call: EffectCall,
): Promise<HandleResult> {
  const row = instanceRow(context);
  const found = mayBeMade(call, row) ? await findInstance(aws.cloud, call, context) : undefined;
  if (found !== undefined) return isDead(found) ? replaceDead(row, found) : adopt(row, found);

  const directive = context.task.directive;
  const placements = await listPlacementsOf(aws, call, directive, context.cluster.purpose);
  const index = readIndex(row, placements);
  const placement = placements[index];
  if (placement === undefined) throw noPlacement(context.node.nodeId);
  const image = await findNodeImage(aws, call, context, directive);
  const settings = await prepareFrontgate(aws, context, call, {
    token: row.token,
    subnetId: placement.subnetId,
  });
  const input = toRunInstancesInput({ context, directive, token: row.token, placement, image, settings });
  try {
    const { Instances = [] } = await call.effect(row.token, () =>
      aws.cloud.ec2(call, 'RunInstances', (ec2, options) => ec2.runInstances(input, options)),
    );
    const [instance] = Instances;
    if (instance?.InstanceId === undefined)
      throw notYet('AWS started an instance but did not return its id', 1_000);
    // The token may outlive the instance that was created under it.
    if (isDead(instance)) return replaceDead(row, instance);
    return adopt(row, instance, { index, placement, image });
  } catch (error) {
    if (isCapacityError(error)) return tryNextPlacement(context, call, placements, index, aws.zone);
    if (isAwsCode(error, 'IdempotentParameterMismatch')) {
      // Requested before with another image or type; the instance that was created then has the tag.
      throw notYet(
        `the client token of ${row.token} was used for another request, and its instance is not shown yet`,
      );
    }
    throw error;
  }
}

/** A frontgate has a public address, unless the runtime disables it, and a security group of its own. */
async function prepareFrontgate(
  aws: AwsRuntime,
  context: NodeTaskContext,
  call: EffectCall,
  options: { readonly token: string; readonly subnetId: string },
): Promise<AwsSettings> {
  const { settings } = aws;
  if (context.cluster.purpose !== 'frontgate' || settings.frontgate === undefined) return settings;
  const securityGroups = await ensureFrontgateGroups(aws, settings.frontgate, context, call, options);
  return { ...settings, securityGroups, publicIp: settings.publicIp ?? true };
}

/**
 * AWS has no capacity: the row is proved to have nothing, and the next generation uses the next
 * placement. Volumes that are in another zone by then follow when they are attached.
 */
function tryNextPlacement(
  context: NodeTaskContext,
  call: EffectCall,
  placements: readonly Placement[],
  index: number,
  firstZone: string,
): HandleResult {
  const row = instanceRow(context);
  const next = choosePlacementAfter(placements, index, {
    zone: placements[index]?.zone ?? firstZone,
    nodeId: context.node.nodeId,
    mayMove: mayMoveVolumes(context),
  });
  call.log('AWS has no capacity: trying the next placement', {
    node: context.node.nodeId,
    from: toText(placements[index]),
    to: toText(next.placement),
  });
  return {
    state: 'again',
    changes: {
      resources: [{ token: row.token, state: 'gone' }],
      next: [{ token: row.token, attributes: toAttributes(next.index, next.placement) }],
    },
  };
}

/** An instance that died by itself gets one more attempt; a second death has a lasting cause. */
function replaceDead(row: LedgerResource, instance: Instance): HandleResult {
  if (row.attributes['diedBefore'] !== undefined) throw instanceDied(instance);
  const next: NextGeneration = {
    token: row.token,
    attributes: { ...row.attributes, diedBefore: instance.InstanceId ?? '' },
  };
  const gone: ResourceChange = { token: row.token, state: 'gone', cloudId: instance.InstanceId ?? '' };
  return { state: 'again', changes: { resources: [gone], next: [next] } };
}

function adopt(
  row: LedgerResource,
  instance: Instance,
  placed?: { readonly index: number; readonly placement: Placement; readonly image: MachineImage },
): HandleResult {
  const instanceId = instance.InstanceId ?? '';
  const attributes =
    placed === undefined
      ? row.attributes
      : {
          ...row.attributes,
          ...toAttributes(placed.index, placed.placement),
          ...(placed.image.devices.length === 0 ? {} : { [IMAGE_DEVICES]: placed.image.devices.join(' ') }),
        };
  return {
    state: 'started',
    changes: {
      resources: [{ token: row.token, state: 'made', cloudId: instanceId, attributes }],
      node: { instanceId },
    },
  };
}

const IMAGE_DEVICES = 'imageDevices';

/** Device names that an instance has from its image: no volume can get one of them. */
export function readImageDevices(row: LedgerResource | undefined): readonly string[] {
  return row?.attributes[IMAGE_DEVICES]?.split(' ') ?? [];
}

function toAttributes(index: number, placement: Placement): Readonly<Record<string, string>> {
  return {
    placement: String(index),
    subnetId: placement.subnetId,
    zone: placement.zone,
    instanceType: placement.instanceType,
  };
}

/**
 * The placement that the earlier generation had, by its names, because the lists may have been changed
 * since.
 */
function readIndex(row: LedgerResource, placements: readonly Placement[]): number {
  const { subnetId, instanceType, placement } = row.attributes;
  if (placement === undefined) return 0;
  const known = placements.findIndex(
    (candidate) => candidate.subnetId === subnetId && candidate.instanceType === instanceType,
  );
  return known === -1 ? Math.min(Number(placement), placements.length - 1) : known;
}

function toText(placement: Placement | undefined): string {
  return placement === undefined ? '' : `${placement.instanceType} in ${placement.subnetId}`;
}

function noPlacement(nodeId: string): WindlassError {
  return new WindlassError('invalid-input', `no placement is left for node ${nodeId}`, {
    code: 'AWS_NO_INSTANCE_TYPE',
    field: 'instanceTypes',
  });
}

/** An instance that ended by itself, with AWS's own reason. */
export function instanceDied(instance: Instance): WindlassError {
  const reason = instance.StateReason?.Message ?? instance.StateTransitionReason ?? '';
  return new WindlassError(
    'conflict',
    `instance ${instance.InstanceId} is ${instance.State?.Name}${reason === '' ? '' : `: ${reason}`}`,
    {
      code: 'INSTANCE_DIED',
      hint: 'it ended by itself, or was terminated outside of windlass; see it in the console of EC2, then delete the cluster',
    },
  );
}
