import type { _InstanceType, Instance } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../../domain/index.ts';
import type {
  Changes,
  InstancePairs,
  NodeTaskContext,
  ObserveCall,
  Observation,
  ProviderHandler,
} from '../../../provider/index.ts';
import {
  findInstanceRow,
  instanceGone,
  instanceRow,
  isMissingForLong,
  pause,
  persistsFor,
} from '../../../provider-utils/index.ts';
import { describeTypesByName } from '../cloud/catalogue.ts';
import { getWatchedResources } from '../cloud/resources.ts';
import type { FindAwsRuntime, AwsRuntime } from '../aws-runtime.ts';
import type { AwsSettings } from '../settings.ts';
import { changeType, ignoreGone, startInstance, stopInstance, STOPPED } from './change-instance.ts';
import { findInstance, isDead, isOfRow, listInstances, observeInstance, stateOf } from './find-instance.ts';
import { chooseTypeNames } from './node-placements.ts';
import { instanceDied, runInstance } from './run-instance.ts';
import { watch, type Timing } from './timing.ts';
import { deleteFrontgateGroup } from './frontgate-group.ts';
import { deleteLaunchedVolumes } from './launched-volumes.ts';

const SSH_PORT = 22;

export function createInstancePairs(findRuntime: FindAwsRuntime, timing: Timing): InstancePairs {
  async function waitUntilRunning(context: NodeTaskContext, call: ObserveCall): Promise<Observation> {
    const aws = findRuntime(context);
    const instance = await observeInstance(aws.cloud, call, context);
    if (instance === undefined) {
      const missing = isMissingForLong(call.cursor, 'the instance is not shown by AWS yet');
      if (missing.forLong) throw instanceGone(context, findInstanceRow(context));
      return missing.observation;
    }
    const state = stateOf(instance);
    if (isDead(instance)) throw instanceDied(instance);
    if (state === 'stopped' || state === 'stopping') {
      // The state before it was started, or it has stopped by itself: a stale read passes with the next
      // polls.
      const seen = `instance ${instance.InstanceId} is ${state}`;
      const stopped = persistsFor(call.cursor, 'stoppedSinceMs', { seen, limitMs: timing.settleMs });
      if (stopped.forLong) throw instanceDied(instance);
      return stopped.observation;
    }
    if (state !== 'running' || instance.PrivateIpAddress === undefined) {
      return { state: 'pending', seen: `instance ${instance.InstanceId} is ${state}` };
    }
    return { state: 'done', changes: toRunningChanges(context, aws, instance) };
  }

  return {
    runInstances: (context, call) => runInstance(findRuntime(context), context, call),
    waitRunInstances: (context, call) =>
      watch(call, timing.pollMs, (look) => waitUntilRunning(context, look)),

    stopInstances: (context, call) => stopInstance(findRuntime(context).cloud, context, call),
    waitStopInstances: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const instance = await observeInstance(findRuntime(context).cloud, look, context);
        if (instance === undefined || isDead(instance) || stateOf(instance) === 'stopped') {
          return { state: 'done', changes: STOPPED };
        }
        return { state: 'pending', seen: `instance ${instance.InstanceId} is ${stateOf(instance)}` };
      }),

    startInstances: (context, call) => startInstance(findRuntime(context).cloud, context, call),
    waitStartInstances: (context, call) =>
      watch(call, timing.pollMs, (look) => waitUntilRunning(context, look)),

    async deleteInstances(context, call) {
      const { cloud } = findRuntime(context);
      const row = findInstanceRow(context);
      if (row === undefined) return { state: 'started' };
      let instances = await listInstances(cloud, call, context);
      // It may have been created a moment ago by a worker that died before it recorded it: AWS may show it
      // only now.
      const settledAt = Date.now() + timing.settleMs;
      while (!instances.some((instance) => isOfRow(instance, row)) && Date.now() < settledAt) {
        if (row.state === 'gone') break;
        await pause(call, Math.min(timing.pollMs, timing.settleMs));
        instances = await listInstances(cloud, call, context);
      }
      const ids = instances.filter((instance) => !isDead(instance)).map(({ InstanceId = '' }) => InstanceId);
      if (ids.length > 0) {
        await call
          .effect(row.token, () =>
            cloud.ec2(call, 'TerminateInstances', (ec2, options) =>
              ec2.terminateInstances({ InstanceIds: ids }, options),
            ),
          )
          .catch(ignoreGone);
      }
      // This handle also repeats until none of them is left.
      await deleteLaunchedVolumes(findRuntime(context), context, call, row, instances);
      // A group can be deleted only after the instance in it: this handle repeats until then.
      if (context.cluster.purpose === 'frontgate') {
        await deleteFrontgateGroup(findRuntime(context), context, call, row.token);
      }
      return { state: 'started' };
    },
    waitDeleteInstances: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const row = findInstanceRow(context);
        const { cloud } = findRuntime(context);
        const instances = await listInstances(cloud, look, context, getWatchedResources(cloud));
        const left = instances.find((instance) => stateOf(instance) !== 'terminated');
        if (left !== undefined)
          return { state: 'pending', seen: `instance ${left.InstanceId} is ${stateOf(left)}` };
        return {
          state: 'done',
          changes: {
            ...(row === undefined ? {} : { resources: [{ token: row.token, state: 'gone' }] }),
            node: { status: 'deleted', instanceId: '', privateIp: '', publicIp: '' },
          },
        };
      }),

    async resizeInstances(context, call) {
      const aws = findRuntime(context);
      const row = instanceRow(context);
      const instance = await findInstance(aws.cloud, call, context);
      if (instance === undefined || isDead(instance)) throw instanceGone(context, row);
      const wanted = await chooseResizedType(aws, call, context, instance);
      await changeType(aws.cloud, context, call, instance, wanted);
      return { state: 'started' };
    },
    waitResizeInstances: (context, call) =>
      watch(call, timing.pollMs, async (look) => {
        const aws = findRuntime(context);
        const instance = await observeInstance(aws.cloud, look, context);
        const missing = isMissingForLong(look.cursor, 'the instance is not shown by AWS', timing.settleMs);
        if (instance === undefined && !missing.forLong) return missing.observation;
        if (instance === undefined || isDead(instance)) {
          throw instanceGone(context, findInstanceRow(context));
        }
        const wanted = await chooseResizedType(aws, look, context, instance);
        if (instance.InstanceType === wanted) return { state: 'done' };
        return {
          state: 'pending',
          seen: `instance ${instance.InstanceId} is still a ${instance.InstanceType}`,
        };
      }),
  };
}

/**
 * The type for the size that is requested now, in the zone of the instance.
 *
 * @throws invalid-input `AWS_NO_INSTANCE_TYPE`; invalid-input `AWS_ARCHITECTURE` for a type that cannot
 * run what is on the root disk.
 */
async function chooseResizedType(
  aws: AwsRuntime,
  call: ObserveCall | Parameters<ProviderHandler['resizeInstances']>[1],
  { task: { directive } }: NodeTaskContext<'ResizeInstances'>,
  instance: Instance,
): Promise<_InstanceType> {
  const zone = instance.Placement?.AvailabilityZone ?? aws.zone;
  const [wanted = ''] = await chooseTypeNames(aws, call, directive, zone);
  const types = await describeTypesByName(aws.cloud, call, [wanted]);
  const architecture = instance.Architecture ?? aws.settings.architecture;
  if (types.get(wanted)?.architectures.includes(architecture) === false) {
    throw new WindlassError(
      'invalid-input',
      `instance ${instance.InstanceId} is for ${architecture}, and ${wanted} is not`,
      { code: 'AWS_ARCHITECTURE', field: 'instanceTypes', hint: `name types of ${architecture}` },
    );
  }
  return wanted as _InstanceType;
}

function toRunningChanges(context: NodeTaskContext, { settings }: AwsRuntime, instance: Instance): Changes {
  const row = instanceRow(context);
  const instanceId = instance.InstanceId ?? '';
  return {
    resources: [
      {
        token: row.token,
        state: 'made',
        cloudId: instanceId,
        // While it runs nothing is compared: a type changes only while an instance is stopped.
        // Its volumes follow it to its zone.
        attributes: { ...row.attributes, ...toZone(instance), instanceType: instance.InstanceType ?? '' },
      },
    ],
    node: {
      instanceId,
      status: 'active',
      privateIp: instance.PrivateIpAddress ?? '',
      publicIp: instance.PublicIpAddress ?? '',
      ssh: {
        ...toOutsideHost(context, settings, instance),
        port: SSH_PORT,
        user: settings.sshUser,
        hostKey: context.access.hostPublicKey,
        root: '',
      },
    },
  };
}

function toZone({ Placement: placement }: Instance): { readonly zone?: string } {
  return placement?.AvailabilityZone === undefined ? {} : { zone: placement.AvailabilityZone };
}

/** A frontgate is reached at its public address; if the cloud gives it none, at its private one. */
function toOutsideHost(
  context: NodeTaskContext,
  settings: AwsSettings,
  { PublicIpAddress: address }: Instance,
): { readonly host?: string } {
  if (context.cluster.purpose !== 'frontgate' || settings.publicIp === false || address === undefined)
    return {};
  return { host: address };
}
