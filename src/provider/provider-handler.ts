import type { TaskAction } from '../domain/task-actions.ts';
import type { EffectCall, ObserveCall } from './call.ts';
import type { HandleResult, Observation } from './result.ts';
import type { TaskContext } from './task-context.ts';

/** A task of one node: node, role and access are there. */
export interface NodeTaskContext<Actions extends TaskAction = TaskAction> extends TaskContext<Actions> {
  readonly node: NonNullable<TaskContext['node']>;
  readonly role: NonNullable<TaskContext['role']>;
  readonly access: NonNullable<TaskContext['access']>;
}

/**
 * What a VM cloud implements: ten pairs, each for one node. The frame (src/vm) turns them into
 * every action. All rules of the Provider contract hold for each of them:
 *
 * - The first of a pair starts the effect and returns; the second looks once.
 * - `context.resources` holds the ledger rows: `instance`, and `volume-<index>` for each volume
 *   of the node. Their tokens are what the cloud's resources must carry.
 * - "Already so" is success: starting what runs, deleting what is gone, attaching what is attached.
 * - Sizes are GiB and MiB, as the field names say.
 */
export interface ProviderHandler {
  /**
   * Makes the node's instance from its directive: sized as its role, its root
   * disk from the image, `access.authorizedKey` accepted and the host key installed by user-data,
   * volumes not yet attached. Adopts an instance that carries the token.
   * Changes: resource `instance` made, node.instanceId.
   * After a failure: at most one instance carries the token; a later call adopts it.
   */
  runInstances(context: NodeTaskContext<'RunInstances'>, call: EffectCall): Promise<HandleResult>;
  /** Done when it runs and has an address. Changes: node.privateIp, node.ssh, node.status active. */
  waitRunInstances(context: NodeTaskContext<'RunInstances'>, call: ObserveCall): Promise<Observation>;

  /** Shuts the instance down; its disks are kept. A stopped or gone instance is success. */
  stopInstances(context: NodeTaskContext<'StopInstances'>, call: EffectCall): Promise<HandleResult>;
  /** Done when it is stopped. Changes: node.status stopped. */
  waitStopInstances(context: NodeTaskContext<'StopInstances'>, call: ObserveCall): Promise<Observation>;

  /** Starts the stopped instance. A running one is success. @throws not-found when it is gone. */
  startInstances(context: NodeTaskContext<'StartInstances'>, call: EffectCall): Promise<HandleResult>;
  /** Done when it runs and has an address, which may be another than before. */
  waitStartInstances(context: NodeTaskContext<'StartInstances'>, call: ObserveCall): Promise<Observation>;

  /**
   * Ends the instance and its root disk; also one that the ledger does not know the id of but
   * that carries the token. Gone already is success. Changes: none before the wait.
   */
  deleteInstances(context: NodeTaskContext<'DeleteInstances'>, call: EffectCall): Promise<HandleResult>;
  /** Done when nothing carries the token any more. Changes: resource `instance` gone, node.status deleted. */
  waitDeleteInstances(context: NodeTaskContext<'DeleteInstances'>, call: ObserveCall): Promise<Observation>;

  /** Gives the stopped instance the size of its directive. @throws conflict while it runs. */
  resizeInstances(context: NodeTaskContext<'ResizeInstances'>, call: EffectCall): Promise<HandleResult>;
  /** Done when the cloud reports the new size. */
  waitResizeInstances(context: NodeTaskContext<'ResizeInstances'>, call: ObserveCall): Promise<Observation>;

  /**
   * Makes the volumes of its directive, unattached, in the zone of the runtime. Each
   * carries its own token; those that exist are adopted.
   * Changes: resources `volume-<index>` made.
   */
  createVolumes(context: NodeTaskContext<'CreateVolumes'>, call: EffectCall): Promise<HandleResult>;
  /** Done when all are available. Changes: node.volumes with their ids. */
  waitCreateVolumes(context: NodeTaskContext<'CreateVolumes'>, call: ObserveCall): Promise<Observation>;

  /** Attaches the node's volumes to its instance, under device names that are remembered. */
  attachVolumes(context: NodeTaskContext<'AttachVolumes'>, call: EffectCall): Promise<HandleResult>;
  /** Done when all are attached. Changes: node.volumes with `device`, as the node sees it. */
  waitAttachVolumes(context: NodeTaskContext<'AttachVolumes'>, call: ObserveCall): Promise<Observation>;

  /** Detaches the node's volumes. Detached or gone is success. */
  detachVolumes(context: NodeTaskContext<'DetachVolumes'>, call: EffectCall): Promise<HandleResult>;
  /** Done when all are available. Changes: node.volumes without `device`. */
  waitDetachVolumes(context: NodeTaskContext<'DetachVolumes'>, call: ObserveCall): Promise<Observation>;

  /** Deletes the node's volumes for good, found by id or token. Gone is success. */
  deleteVolumes(context: NodeTaskContext<'DeleteVolumes'>, call: EffectCall): Promise<HandleResult>;
  /** Done when nothing carries their tokens. Changes: resources `volume-<index>` gone, node.volumes empty ids. */
  waitDeleteVolumes(context: NodeTaskContext<'DeleteVolumes'>, call: ObserveCall): Promise<Observation>;

  /** Grows the volumes to the sizes of its directive. @throws invalid-input for a smaller size. */
  resizeVolumes(context: NodeTaskContext<'ResizeVolumes'>, call: EffectCall): Promise<HandleResult>;
  /** Done when the cloud reports the new sizes. Changes: node.volumes with `sizeGiB`. */
  waitResizeVolumes(context: NodeTaskContext<'ResizeVolumes'>, call: ObserveCall): Promise<Observation>;

  /**
   * Whether nodes of the cluster can be reached. Implemented once, in the frame; a handler
   * leaves it out.
   */
  waitFrontgateAvailable?(context: TaskContext, call: ObserveCall): Promise<Observation>;
}
