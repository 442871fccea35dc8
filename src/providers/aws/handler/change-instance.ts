import type { _InstanceType, Instance } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../../domain/index.ts';
import type { Changes, EffectCall, HandleResult, NodeTaskContext } from '../../../provider/index.ts';
import { findInstanceRow, instanceGone, instanceRow } from '../../../provider-utils/index.ts';
import type { AwsCloud } from '../cloud/open-cloud.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import { notYet } from './not-yet.ts';
import { findInstance, isDead, stateOf } from './find-instance.ts';

// These requests are sent to EC2 even if a read says that they are not needed: the read may be older than
// the last change, and a request that is skipped because of it is waited for forever. Sending it twice
// does no harm.

/** AWS may have capacity again at any time; the task's own timeout ends the retries. */
const CAPACITY_RETRY_MS = 15_000;

export const STOPPED: Changes = { node: { status: 'stopped' } };

/** @throws unavailable while it is still starting. */
export async function stopInstance(
  cloud: AwsCloud,
  context: NodeTaskContext,
  call: EffectCall,
): Promise<HandleResult> {
  const instanceId = await findInstanceId(cloud, context, call);
  if (instanceId === undefined) return { state: 'done', changes: STOPPED };
  try {
    await call.effect(instanceRow(context).token, () =>
      cloud.ec2(call, 'StopInstances', (ec2, options) =>
        ec2.stopInstances({ InstanceIds: [instanceId] }, options),
      ),
    );
  } catch (error) {
    if (isAwsCode(error, 'InvalidInstanceID.NotFound')) return { state: 'started' };
    if (!isAwsCode(error, 'IncorrectInstanceState')) throw error;
    const instance = await findInstance(cloud, call, context);
    if (instance !== undefined && isDead(instance)) return { state: 'done', changes: STOPPED };
    throw notYet(`instance ${instanceId} cannot be stopped yet`);
  }
  return { state: 'started' };
}

/**
 * @throws not-found `INSTANCE_NOT_FOUND`
 * @throws unavailable while it is still stopping, or AWS has no capacity for it.
 */
export async function startInstance(
  cloud: AwsCloud,
  context: NodeTaskContext,
  call: EffectCall,
): Promise<HandleResult> {
  const row = instanceRow(context);
  const instanceId = await findInstanceId(cloud, context, call);
  if (instanceId === undefined) throw instanceGone(context, row);
  try {
    await call.effect(row.token, () =>
      cloud.ec2(call, 'StartInstances', (ec2, options) =>
        ec2.startInstances({ InstanceIds: [instanceId] }, options),
      ),
    );
  } catch (error) {
    if (isAwsCode(error, 'InvalidInstanceID.NotFound')) throw instanceGone(context, row);
    if (isAwsCode(error, 'InsufficientInstanceCapacity'))
      throw notYet(`AWS has no capacity to start ${instanceId} now`, CAPACITY_RETRY_MS);
    if (!isAwsCode(error, 'IncorrectInstanceState')) throw error;
    const instance = await findInstance(cloud, call, context);
    if (instance !== undefined && isDead(instance)) throw instanceGone(context, row);
    throw notYet(`instance ${instanceId} is still stopping`);
  }
  return { state: 'started' };
}

/**
 * Changes the type of a stopped instance.
 *
 * @throws conflict `INSTANCE_RUNNING` while it runs; unavailable while it is still stopping.
 */
export async function changeType(
  cloud: AwsCloud,
  context: NodeTaskContext,
  call: EffectCall,
  { InstanceId: instanceId }: Instance,
  wanted: _InstanceType,
): Promise<void> {
  const row = instanceRow(context);
  try {
    await call.effect(row.token, () =>
      cloud.ec2(call, 'ModifyInstanceAttribute', (ec2, options) =>
        ec2.modifyInstanceAttribute({ InstanceId: instanceId, InstanceType: { Value: wanted } }, options),
      ),
    );
  } catch (error) {
    if (!isAwsCode(error, 'IncorrectInstanceState')) throw error;
    const instance = await findInstance(cloud, call, context);
    if (instance === undefined || isDead(instance)) throw instanceGone(context, row);
    if (instance.InstanceType === wanted) return;
    if (['running', 'pending'].includes(stateOf(instance))) throw mustBeStopped(instance);
    throw notYet(`instance ${instanceId} is still stopping`);
  }
}

/** By the ledger; by its token if the ledger never got its id. Undefined if there is none. */
async function findInstanceId(
  cloud: AwsCloud,
  context: NodeTaskContext,
  call: EffectCall,
): Promise<string | undefined> {
  const row = findInstanceRow(context);
  if (row === undefined || row.state === 'gone') return undefined;
  if (row.cloudId !== '') return row.cloudId;
  return (await findInstance(cloud, call, context))?.InstanceId;
}

/** An instance that no longer exists is deleted. */
export function ignoreGone(error: unknown): void {
  if (!isAwsCode(error, 'InvalidInstanceID.NotFound')) throw error;
}

function mustBeStopped(instance: Instance): WindlassError {
  return new WindlassError(
    'conflict',
    `instance ${instance.InstanceId} is ${stateOf(instance)}, not stopped`,
    {
      code: 'INSTANCE_RUNNING',
      hint: 'the size of an instance can be changed only while it is stopped',
    },
  );
}
