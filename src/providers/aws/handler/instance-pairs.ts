import type { _InstanceType, Instance } from '@aws-sdk/client-ec2';
import { WindlassError } from '../../../domain/index.ts';
import type {
  Changes,
  NodeTaskContext,
  ObserveCall,
  Observation,
  ProviderHandler,
} from '../../../provider/index.ts';
import { describeTypesByName } from '../cloud/catalogue.ts';
import { getWatchedResources } from '../cloud/resources.ts';
import { isAwsCode } from '../cloud/to-windlass-error.ts';
import type { FindPlace, Place } from '../place.ts';
import type { AwsSettings } from '../settings.ts';
import { readInstanceDirective } from './directives.ts';
import { getRow, notYet, pause, watch, withEffect } from './effects.ts';
import {
  findInstance,
  instanceGone,
  isDead,
  isOfRow,
  listInstances,
  observeInstance,
  stateOf,
} from './find-instance.ts';
import { chooseTypeNames } from './place-node.ts';
import { instanceDied, runInstance } from './run-instance.ts';
import type { Timing } from './timing.ts';
import { isMissingForLong } from './missing.ts';
import { deleteFrontgateGroup } from './frontgate-group.ts';
import { observeMovedVolumes } from './move-volumes.ts';

/** The five pairs of a handler that concern instances. */
export type InstancePairs = Pick<
  ProviderHandler,
  | 'runInstances'
  | 'waitRunInstances'
  | 'stopInstances'
  | 'waitStopInstances'
  | 'startInstances'
  | 'waitStartInstances'
  | 'deleteInstances'
  | 'waitDeleteInstances'
  | 'resizeInstances'
  | 'waitResizeInstances'
>;

const SSH_PORT = 22;
/** AWS may have room again any minute; the task's own limit ends the tries. */
const CAPACITY_RETRY_MS = 15_000;

export function createInstancePairs(findPlace: FindPlace, timing: Timing): InstancePairs {
  async function waitUntilRunning(context: NodeTaskContext, call: ObserveCall): Promise<Observation> {
    const place = findPlace(context);
    const instance = await observeInstance(place.cloud, call, context);
    if (instance === undefined) {
      const missing = isMissingForLong(call.cursor, 'the instance is not shown by AWS yet');
      if (missing.forLong) throw instanceGone(context.resources['instance'], context.node.nodeId);
      return missing.observation;
    }
    const state = stateOf(instance);
    if (isDead(instance)) throw instanceDied(instance);
    if (state === 'stopped' || state === 'stopping') throw instanceDied(instance);
    if (state !== 'running' || instance.PrivateIpAddress === undefined) {
      return { state: 'pending', seen: `instance ${instance.InstanceId} is ${state}` };
    }
    return { state: 'done', changes: toRunningChanges(context, place, instance) };
  }

  return {
    runInstances: (context, call) => runInstance(findPlace(context), context, call),
    waitRunInstances: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const moved = await observeMovedVolumes(findPlace(context), context, look);
        if (moved?.state === 'pending') return moved;
        const seen = await waitUntilRunning(context, look);
        return seen.state === 'done'
          ? { state: 'done', changes: mergeChanges(moved?.changes, seen.changes) }
          : seen;
      }),

    async stopInstances(context, call) {
      const { cloud } = findPlace(context);
      const instance = await findInstance(cloud, call, context);
      if (instance === undefined || isDead(instance)) return { state: 'done', changes: STOPPED };
      const state = stateOf(instance);
      if (state === 'stopped') return { state: 'done', changes: STOPPED };
      if (state === 'stopping') return { state: 'started' };
      if (state === 'pending') throw notYet(`instance ${instance.InstanceId} is still starting`);
      await withEffect(call, getRow(context, 'instance').token, (sent) =>
        cloud.ec2(sent, 'StopInstances', (ec2, options) =>
          ec2.stopInstances({ InstanceIds: [instance.InstanceId ?? ''] }, options),
        ),
      ).catch(ignoreGone);
      return { state: 'started' };
    },
    waitStopInstances: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const instance = await observeInstance(findPlace(context).cloud, look, context);
        if (instance === undefined || isDead(instance) || stateOf(instance) === 'stopped') {
          return { state: 'done', changes: STOPPED };
        }
        return { state: 'pending', seen: `instance ${instance.InstanceId} is ${stateOf(instance)}` };
      }),

    async startInstances(context, call) {
      const { cloud } = findPlace(context);
      const row = getRow(context, 'instance');
      const instance = await findInstance(cloud, call, context);
      if (instance === undefined || isDead(instance)) throw instanceGone(row, context.node.nodeId);
      const state = stateOf(instance);
      if (state === 'running' || state === 'pending') return { state: 'started' };
      if (state === 'stopping') throw notYet(`instance ${instance.InstanceId} is still stopping`);
      await withEffect(call, row.token, (sent) =>
        cloud.ec2(sent, 'StartInstances', (ec2, options) =>
          ec2.startInstances({ InstanceIds: [instance.InstanceId ?? ''] }, options),
        ),
      ).catch((error: unknown) => {
        throw isAwsCode(error, 'InsufficientInstanceCapacity')
          ? notYet(
              `AWS has no room to start ${instance.InstanceId} (${instance.InstanceType}) now`,
              CAPACITY_RETRY_MS,
            )
          : error;
      });
      return { state: 'started' };
    },
    waitStartInstances: (context, call) =>
      watch(call, timing.lookMs, (look) => waitUntilRunning(context, look)),

    async deleteInstances(context, call) {
      const { cloud } = findPlace(context);
      const row = context.resources['instance'];
      if (row === undefined) return { state: 'started' };
      let instances = await listInstances(cloud, call, context);
      // Made a moment ago, perhaps by a worker that died before it could say so: AWS may show it only now.
      const settledAt = Date.now() + timing.settleMs;
      while (!instances.some((instance) => isOfRow(instance, row)) && Date.now() < settledAt) {
        if (row.state === 'gone') break;
        await pause(call, Math.min(timing.lookMs, timing.settleMs));
        instances = await listInstances(cloud, call, context);
      }
      const ids = instances.filter((instance) => !isDead(instance)).map(({ InstanceId = '' }) => InstanceId);
      if (ids.length > 0) {
        await withEffect(call, row.token, (sent) =>
          cloud.ec2(sent, 'TerminateInstances', (ec2, options) =>
            ec2.terminateInstances({ InstanceIds: ids }, options),
          ),
        ).catch(ignoreGone);
      }
      // A group goes only after the instance that is in it: this handle comes again until it does.
      if (context.cluster.purpose === 'frontgate') {
        await deleteFrontgateGroup(findPlace(context), context, call, row.token);
      }
      return { state: 'started' };
    },
    waitDeleteInstances: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const row = context.resources['instance'];
        const { cloud } = findPlace(context);
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
      const place = findPlace(context);
      const row = getRow(context, 'instance');
      const instance = await findInstance(place.cloud, call, context);
      if (instance === undefined || isDead(instance)) throw instanceGone(row, context.node.nodeId);
      const wanted = await chooseResizedType(place, call, context, instance);
      if (instance.InstanceType === wanted) return { state: 'started' };
      const state = stateOf(instance);
      if (state === 'stopping') throw notYet(`instance ${instance.InstanceId} is still stopping`);
      if (state !== 'stopped') throw mustBeStopped(instance);
      await withEffect(call, row.token, (sent) =>
        place.cloud.ec2(sent, 'ModifyInstanceAttribute', (ec2, options) =>
          ec2.modifyInstanceAttribute(
            { InstanceId: instance.InstanceId, InstanceType: { Value: wanted } },
            options,
          ),
        ),
      );
      return { state: 'started' };
    },
    waitResizeInstances: (context, call) =>
      watch(call, timing.lookMs, async (look) => {
        const place = findPlace(context);
        const instance = await observeInstance(place.cloud, look, context);
        if (instance === undefined || isDead(instance)) {
          throw instanceGone(context.resources['instance'], context.node.nodeId);
        }
        const wanted = await chooseResizedType(place, look, context, instance);
        if (instance.InstanceType === wanted) return { state: 'done' };
        return {
          state: 'pending',
          seen: `instance ${instance.InstanceId} is a ${instance.InstanceType} yet`,
        };
      }),
  };
}

const STOPPED: Changes = { node: { status: 'stopped' } };

/** What does not exist any more is as stopped, or as deleted, as can be. */
function ignoreGone(error: unknown): void {
  if (!isAwsCode(error, 'InvalidInstanceID.NotFound')) throw error;
}

/**
 * The type for the size that is asked for now, in the zone where the instance is.
 *
 * @throws invalid-input `AWS_NO_INSTANCE_TYPE`; invalid-input `AWS_ARCHITECTURE` for a type that
 *   cannot run what is on the root disk.
 */
async function chooseResizedType(
  place: Place,
  call: ObserveCall | Parameters<ProviderHandler['resizeInstances']>[1],
  context: NodeTaskContext,
  instance: Instance,
): Promise<_InstanceType> {
  const directive = readInstanceDirective(context);
  const zone = instance.Placement?.AvailabilityZone ?? place.zone;
  const [wanted = ''] = await chooseTypeNames(place, call, directive, zone);
  const types = await describeTypesByName(place.cloud, call, [wanted]);
  const architecture = instance.Architecture ?? place.settings.architecture;
  if (types.get(wanted)?.architectures.includes(architecture) === false) {
    throw new WindlassError(
      'invalid-input',
      `instance ${instance.InstanceId} runs on ${architecture}, and ${wanted} does not`,
      { code: 'AWS_ARCHITECTURE', field: 'instanceTypes', hint: `name types of ${architecture}` },
    );
  }
  return wanted as _InstanceType;
}

function mustBeStopped(instance: Instance): WindlassError {
  return new WindlassError(
    'conflict',
    `instance ${instance.InstanceId} is ${stateOf(instance)}, not stopped`,
    {
      code: 'INSTANCE_RUNNING',
      hint: 'an instance can be given another size only while it is stopped',
    },
  );
}

function toRunningChanges(context: NodeTaskContext, { settings }: Place, instance: Instance): Changes {
  const row = getRow(context, 'instance');
  const instanceId = instance.InstanceId ?? '';
  return {
    resources: [
      {
        token: row.token,
        state: 'made',
        cloudId: instanceId,
        // As it runs: a type changes only while an instance is stopped.
        attributes: { ...row.attributes, instanceType: instance.InstanceType ?? '' },
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

/** A frontgate is reached at its address outside; where the cloud gives it none, at the one inside. */
function toOutsideHost(
  context: NodeTaskContext,
  settings: AwsSettings,
  { PublicIpAddress: address }: Instance,
): { readonly host?: string } {
  if (context.cluster.purpose !== 'frontgate' || settings.publicIp === false || address === undefined)
    return {};
  return { host: address };
}

function mergeChanges(first: Changes | undefined, second: Changes | undefined): Changes {
  return {
    ...first,
    ...second,
    resources: [...(first?.resources ?? []), ...(second?.resources ?? [])],
    node: { ...first?.node, ...second?.node },
  };
}
