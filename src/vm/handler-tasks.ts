import {
  INSTANCE_ACTIONS,
  VOLUME_ACTIONS,
  type Changes,
  type InstanceAction,
  type NodeHandle,
  type NodeTaskContext,
  type NodeWait,
  type Observation,
  type ProviderHandler,
  type VolumeAction,
} from '../provider/index.ts';
import { forNode, type TaskEntry } from './task-implementation.ts';

type HandlerAction = InstanceAction | VolumeAction;

interface Pair {
  readonly handle: NodeHandle;
  readonly wait: NodeWait;
}

/** What the frame adds to a pair; the others are taken as they are. */
const ADDED: Readonly<Partial<Record<HandlerAction, (pair: Pair) => Pair>>> = {
  // A new instance shows the key of its user-data.
  RunInstances: (pair) => withHostKey(pair, ({ access }) => access.hostPublicKey),
  // One that was there before keeps the key that it was given since.
  StartInstances: (pair) => withHostKey(pair, ({ node }) => node.ssh.hostKey),
  StopInstances: (pair) => unlessNeverBegun(pair),
  DeleteInstances: (pair) => unlessNeverBegun(pair, { node: { status: 'deleted' } }),
  DetachVolumes: (pair) => unlessNeverBegun(pair),
  DeleteVolumes: (pair) => unlessNeverBegun(pair),
};

/** The ten pairs of a VM cloud, under the actions that name them. */
export function createHandlerTasks(handler: ProviderHandler): readonly TaskEntry[] {
  return [...INSTANCE_ACTIONS, ...VOLUME_ACTIONS].map((action) => {
    const pair: Pair = {
      // The table hands a function tasks of its own action alone, which the type of a union cannot say.
      handle: (context, call) => (handler[toHandleName(action)] as NodeHandle).call(handler, context, call),
      wait: (context, call) => (handler[`wait${action}`] as NodeWait).call(handler, context, call),
    };
    return [action, forNode(ADDED[action]?.(pair) ?? pair)];
  });
}

function toHandleName<Action extends HandlerAction>(action: Action): Uncapitalize<Action> {
  // What Uncapitalize does to a type, done to its value.
  return (action.charAt(0).toLowerCase() + action.slice(1)) as Uncapitalize<Action>;
}

/** Which host key a node must show is known to the frame, whatever a handler reports. */
function withHostKey(pair: Pair, hostKeyOf: (context: NodeTaskContext) => string): Pair {
  return {
    ...pair,
    wait: async (context, call) => replaceHostKey(await pair.wait(context, call), hostKeyOf(context)),
  };
}

function replaceHostKey(observation: Observation, hostKey: string): Observation {
  if (observation.state !== 'done') return observation;
  const node = observation.changes?.node;
  if (node?.ssh === undefined) return observation;
  return {
    ...observation,
    changes: { ...observation.changes, node: { ...node, ssh: { ...node.ssh, hostKey } } },
  };
}

/**
 * For what takes back or stops: a node whose job ended before its turn came has no ledger row,
 * and as rows are written before effects, there is nothing of it in the cloud.
 */
function unlessNeverBegun(pair: Pair, changes?: Changes): Pair {
  return {
    ...pair,
    handle: async (context, call) => {
      if (wasBegun(context)) return pair.handle(context, call);
      return { state: 'done', ...(changes === undefined ? {} : { changes }) };
    },
  };
}

function wasBegun({ task, resources }: NodeTaskContext): boolean {
  return task.resources.length === 0 || task.resources.some(({ kind }) => resources[kind] !== undefined);
}
