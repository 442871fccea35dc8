import { WindlassError } from '../../domain/index.ts';
import type { LedgerResource } from '../../domain/index.ts';
import type {
  Changes,
  EffectCall,
  HandleResult,
  InstancePairs,
  NodeTaskContext,
  Observation,
} from '../../provider/index.ts';
import { endWithinMoment, findInstanceRow, instanceGone, instanceRow } from '../../provider-utils/index.ts';
import { SSH_USER } from './machine/ssh-server.ts';
import { assertZone } from './settings.ts';
import { watch } from './watch.ts';
import { SSH_PORT } from './cloud/addresses.ts';
import type { Instance, LocalCloud, UserData } from './cloud/local-cloud.ts';
import { toInstanceId } from './cloud/open-local-cloud.ts';
import type { FindCloud } from './find-cloud.ts';

export function createInstanceHandler(findCloud: FindCloud): InstancePairs {
  const getCloud = (context: NodeTaskContext): LocalCloud => findCloud(context.runtime.settings).cloud;

  async function waitUntilRunning(context: NodeTaskContext): Promise<Observation> {
    const instance = await findInstance(getCloud(context), context);
    if (instance === null) return { state: 'pending', seen: 'no instance carries the token yet' };
    if (instance.bootFailure !== null) throw bootFailedError(instance);
    if (instance.state === 'running') return { state: 'done', changes: toRunningChanges(context, instance) };
    if (instance.state === 'booting') return { state: 'pending', seen: `instance ${instance.id} is booting` };
    throw new WindlassError('conflict', `instance ${instance.id} was started and is stopped again`, {
      code: 'INSTANCE_DIED',
      hint: `see machine.log beside ${instance.root}`,
    });
  }

  async function observeDeleted(context: NodeTaskContext): Promise<Observation> {
    const resource = findInstanceRow(context);
    const instance = await findInstance(getCloud(context), context);
    if (instance !== null) return { state: 'pending', seen: `instance ${instance.id} is ${instance.state}` };
    const gone: Changes =
      resource === undefined ? {} : { resources: [{ token: resource.token, state: 'gone' }] };
    return {
      state: 'done',
      changes: { ...gone, node: { status: 'deleted', instanceId: '', privateIp: '', publicIp: '' } },
    };
  }

  return {
    async runInstances(context, call) {
      const { cloud, settings } = findCloud(context.runtime.settings);
      const { cpu, memoryMiB, container, hostname } = context.task.directive;
      // A zone exists only in name: it is the zone in which the instance was created, not the one that the
      // node shall be in.
      const { zone } = context.runtime;
      const { token } = instanceRow(context);
      assertZone(settings, zone);
      let instance = await cloud.findInstance(token);
      if (instance === null || instance.address === '') {
        const wanted = {
          id: toInstanceId(token),
          token,
          cpu,
          memoryMiB,
          image: container.image,
          zone,
          hostname,
          addressRange: settings.addressRange,
          bootDelayMs: settings.bootDelayMs,
          userData: {
            hostPrivateKey: context.access.hostPrivateKey,
            authorizedKey: context.access.authorizedKey,
            ...(settings.nodeAccess === 'direct' ? {} : toReach(context, settings.addressRange)),
          },
        };
        instance = await call.effect(token, () => cloud.makeInstance(wanted, settings.quotas));
      }
      const made = instance;
      const begin = async (): Promise<HandleResult> => {
        await boot(cloud, made, token, call);
        return { state: 'started', changes: toMadeChanges(token, made) };
      };
      return endWithinMoment(call, begin, () => waitUntilRunning(context));
    },
    waitRunInstances: (context, call) => watch(call, () => waitUntilRunning(context)),

    async stopInstances(context, call) {
      const cloud = getCloud(context);
      // Null also if no instance was ever intended: a cluster may fail before its first node.
      const instance = await findInstance(cloud, context);
      if (instance !== null && !(await isQuiet(cloud, instance))) {
        const { token } = instanceRow(context);
        tellWeakContainment(instance, call);
        await call.effect(token, () => cloud.stopInstance(instance.id));
      }
      return { state: 'done', changes: { node: { status: 'stopped' } } };
    },
    waitStopInstances: (context, call) =>
      watch(call, async () => {
        const cloud = getCloud(context);
        const instance = await findInstance(cloud, context);
        if (instance !== null && !(await isQuiet(cloud, instance))) {
          return { state: 'pending', seen: `instance ${instance.id} is ${instance.state}` };
        }
        return { state: 'done', changes: { node: { status: 'stopped' } } };
      }),

    async startInstances(context, call) {
      const cloud = getCloud(context);
      const resource = instanceRow(context);
      const instance = await findInstance(cloud, context);
      if (instance === null) throw instanceGone(context, resource);
      const begin = async (): Promise<HandleResult> => {
        await boot(cloud, instance, resource.token, call);
        return { state: 'started' };
      };
      return endWithinMoment(call, begin, () => waitUntilRunning(context));
    },
    waitStartInstances: (context, call) =>
      watch(call, async () => {
        if ((await findInstance(getCloud(context), context)) === null)
          throw instanceGone(context, instanceRow(context));
        return waitUntilRunning(context);
      }),

    async deleteInstances(context, call) {
      const cloud = getCloud(context);
      const resource = findInstanceRow(context);
      const begin = async (): Promise<HandleResult> => {
        if (resource === undefined) return { state: 'started' };
        tellWeakContainment(await findInstance(cloud, context), call);
        // Also when no instance is found: an earlier attempt may have died between folder and address.
        await call.effect(resource.token, async () => {
          for (const id of listIds(resource)) await cloud.deleteInstance(id);
        });
        return { state: 'started' };
      };
      return endWithinMoment(call, begin, () => observeDeleted(context));
    },
    waitDeleteInstances: (context, call) => watch(call, () => observeDeleted(context)),

    async resizeInstances(context, call) {
      const { cloud, settings } = findCloud(context.runtime.settings);
      const resource = instanceRow(context);
      const { cpu, memoryMiB } = context.task.directive;
      const instance = await findInstance(cloud, context);
      if (instance === null) throw instanceGone(context, resource);
      if (instance.cpu !== cpu || instance.memoryMiB !== memoryMiB) {
        await call.effect(resource.token, () =>
          cloud.resizeInstance(instance.id, { cpu, memoryMiB }, settings.quotas),
        );
      }
      return { state: 'done' };
    },
    waitResizeInstances: (context, call) =>
      watch(call, async () => {
        const { cpu, memoryMiB } = context.task.directive;
        const instance = await findInstance(getCloud(context), context);
        if (instance === null) throw instanceGone(context, instanceRow(context));
        if (instance.cpu === cpu && instance.memoryMiB === memoryMiB) return { state: 'done' };
        return {
          state: 'pending',
          seen: `instance ${instance.id} has ${instance.cpu} CPU, ${instance.memoryMiB} MiB`,
        };
      }),
  };
}

/** The instance of the task's node: by its token, or by the id that an earlier answer returned. */
export async function findInstance(cloud: LocalCloud, context: NodeTaskContext): Promise<Instance | null> {
  const resource = findInstanceRow(context);
  if (resource === undefined) return null;
  const byToken = await cloud.findInstance(resource.token);
  if (byToken !== null || resource.cloudId === '') return byToken;
  return cloud.getInstance(resource.cloudId);
}

/**
 * Booting is an effect of its own: after a crash between creating and booting, the boot is still to be
 * done.
 */
async function boot(cloud: LocalCloud, instance: Instance, token: string, call: EffectCall): Promise<void> {
  if (instance.pid !== null) return;
  await call.effect(token, () => cloud.bootInstance(instance.id));
}

/**
 * Behind a frontgate a machine accepts connections only from its own range; the frontgate itself forwards
 * to it.
 */
function toReach({ cluster }: NodeTaskContext, addressRange: string): Pick<UserData, 'leadsTo' | 'letsIn'> {
  return cluster.purpose === 'frontgate' ? { leadsTo: addressRange } : { letsIn: addressRange };
}

/** If this machine has nothing better, the guarantee is weaker, and the worker's log says so. */
function tellWeakContainment(instance: Instance | null, call: EffectCall): void {
  if (instance?.containment !== 'marks') return;
  call.log(
    'this machine has neither a writable cgroup nor perl: a process that has changed its environment, its parents and its folder cannot be found and may be left running',
    { instanceId: instance.id },
  );
}

/** It is stopped, and no process that it ever started is left. */
async function isQuiet(cloud: LocalCloud, instance: Instance): Promise<boolean> {
  if (instance.state !== 'stopped') return false;
  return !(await cloud.listProcesses()).some(({ instanceId }) => instanceId === instance.id);
}

function listIds(resource: LedgerResource): readonly string[] {
  return [...new Set([toInstanceId(resource.token), resource.cloudId])].filter((id) => id !== '');
}

function toMadeChanges(token: string, instance: Instance): Changes {
  return {
    resources: [{ token, state: 'made', cloudId: instance.id, attributes: { address: instance.address } }],
    node: { instanceId: instance.id },
  };
}

function toRunningChanges(context: NodeTaskContext, instance: Instance): Changes {
  const made = toMadeChanges(instanceRow(context).token, instance);
  return {
    ...made,
    node: {
      ...made.node,
      status: 'active',
      privateIp: instance.address,
      publicIp: '',
      ssh: { port: SSH_PORT, user: SSH_USER, hostKey: context.access.hostPublicKey, root: instance.root },
    },
  };
}

function bootFailedError(instance: Instance): WindlassError {
  return new WindlassError('conflict', `instance ${instance.id} cannot boot: ${instance.bootFailure ?? ''}`, {
    code: 'INSTANCE_BOOT',
    hint: 'stop the program that uses the address, or give the runtime another range with --set addressRange=…',
  });
}
