import type { TaskAction } from '../domain/task-actions.ts';
import type { EffectCall, ObserveCall } from './call.ts';
import type { HandleResult, Observation } from './result.ts';
import type { TaskContext } from './task-context.ts';

/** A task of one node: node, role and access are present. */
export interface NodeTaskContext<Actions extends TaskAction = TaskAction> extends TaskContext<Actions> {
  readonly node: NonNullable<TaskContext['node']>;
  readonly role: NonNullable<TaskContext['role']>;
  readonly access: NonNullable<TaskContext['access']>;
}

/** The task actions on a node's instance that a VM cloud implements. */
export const INSTANCE_ACTIONS = [
  'RunInstances',
  'StopInstances',
  'StartInstances',
  'DeleteInstances',
  'ResizeInstances',
] as const satisfies readonly TaskAction[];

/** The same for a node's volumes. */
export const VOLUME_ACTIONS = [
  'CreateVolumes',
  'AttachVolumes',
  'DetachVolumes',
  'DeleteVolumes',
  'ResizeVolumes',
] as const satisfies readonly TaskAction[];

export type InstanceAction = (typeof INSTANCE_ACTIONS)[number];
export type VolumeAction = (typeof VOLUME_ACTIONS)[number];

/** Starts the effect of an action, and returns. */
export type NodeHandle<Action extends TaskAction = TaskAction> = (
  context: NodeTaskContext<Action>,
  call: EffectCall,
) => Promise<HandleResult>;
/** Polls once whether the effect has been completed. */
export type NodeWait<Action extends TaskAction = TaskAction> = (
  context: NodeTaskContext<Action>,
  call: ObserveCall,
) => Promise<Observation>;

/** A handle and a wait for each action: `runInstances` and `waitRunInstances` for RunInstances. */
export type Pairs<Action extends TaskAction> = {
  [Name in Action as Uncapitalize<Name>]: NodeHandle<Name>;
} & {
  [Name in Action as `wait${Name}`]: NodeWait<Name>;
};

/** The five pairs that concern the node's instance. */
export type InstancePairs = Pairs<InstanceAction>;
/** The five pairs that concern the node's volumes. */
export type VolumePairs = Pairs<VolumeAction>;

/**
 * What a VM cloud implements: ten pairs, each for one node. The frame (src/vm) turns them into
 * every action. All rules of the Provider contract hold for each of them, and:
 *
 * - `context.resources` holds the ledger rows: `instance`, and `volume-<index>` for each volume
 *   of the node (`instanceRow` and `volumeRow` of provider-utils). Their tokens are what the cloud's
 *   resources must carry.
 * - "Already so" is success: starting what runs, deleting what is gone, attaching what is attached (R7).
 * - Sizes are GiB and MiB, as the field names say.
 *
 * runInstances makes the node's instance from `directive` (InstanceDirective): sized as its role,
 * its root disk from the image, `access.authorizedKey` accepted and the host key installed by
 * user-data, volumes not yet attached. It adopts an instance that carries the token; after a failure
 * at most one does. Changes: resource `instance` made, node.instanceId. The wait is done when it runs
 * and has an address: node.privateIp, node.ssh, node.status active.
 *
 * stopInstances shuts the instance down; its disks are kept. One that is stopped or gone is success.
 * The wait is done when it is stopped: node.status stopped.
 *
 * startInstances starts the stopped instance. @throws not-found when it is gone. The wait is done
 * when it runs and has an address, which may be another than before.
 *
 * deleteInstances ends the instance and its root disk; also one that the ledger does not know the id
 * of but that carries the token. The wait is done when nothing carries the token any more: resource
 * `instance` gone, node.status deleted.
 *
 * resizeInstances gives the stopped instance the size of `directive`. @throws conflict while it runs.
 * The wait is done when the cloud reports the new size.
 *
 * createVolumes makes the node's volumes (VolumesDirective), unattached, in the zone of the runtime,
 * each with its own token; those that exist are adopted. Changes: resources `volume-<index>` made. The
 * wait is done when all are available: node.volumes with their ids.
 *
 * attachVolumes attaches them to the instance, under device names that are remembered. The wait is
 * done when all are attached: node.volumes with `device`, as the node sees it.
 *
 * detachVolumes detaches them; what is detached or gone is success. The wait is done when all are
 * available: node.volumes without `device`.
 *
 * deleteVolumes deletes them for good, found by id or token. The wait is done when nothing carries
 * their tokens: resources `volume-<index>` gone, node.volumes with empty ids.
 *
 * resizeVolumes grows them to the sizes of `directive`. @throws invalid-input for a smaller size. The
 * wait is done when the cloud reports the new sizes: node.volumes with `sizeGiB`.
 */
export type ProviderHandler = InstancePairs &
  VolumePairs & {
    /**
     * Whether nodes of the cluster can be reached. Implemented once, in the frame; a handler
     * leaves it out.
     */
    waitFrontgateAvailable?(context: TaskContext, call: ObserveCall): Promise<Observation>;
  };
