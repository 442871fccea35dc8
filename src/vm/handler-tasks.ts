import {
  INSTANCE_ACTIONS,
  VOLUME_ACTIONS,
  type Changes,
  type HandleResult,
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

/** What the frame adds to a pair; all others are used unchanged. */
const ADDED: Readonly<Partial<Record<HandlerAction, (pair: Pair) => Pair>>> = {
  // A new instance has the host key of its user-data.
  RunInstances: (pair) => withHostKey(pair, ({ access }) => access.hostPublicKey),
  // An instance that existed before keeps the host key that it was given since.
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
      // The table passes a function only tasks of its own action, which the type of a union cannot
      // express.
      handle: (context, call) => (handler[toHandleName(action)] as NodeHandle).call(handler, context, call),
      wait: (context, call) => (handler[`wait${action}`] as NodeWait).call(handler, context, call),
    };
    return [action, forNode(ADDED[action]?.(pair) ?? pair)];
  });
}

function toHandleName<Action extends HandlerAction>(action: Action): Uncapitalize<Action> {
  // The value-level counterpart of the type Uncapitalize.
  return (action.charAt(0).toLowerCase() + action.slice(1)) as Uncapitalize<Action>;
}

/** The frame knows which host key a node must show, whatever a handler reports. */
function withHostKey(pair: Pair, hostKeyOf: (context: NodeTaskContext) => string): Pair {
  return {
    handle: async (context, call) => replaceHostKey(await pair.handle(context, call), hostKeyOf(context)),
    wait: async (context, call) => replaceHostKey(await pair.wait(context, call), hostKeyOf(context)),
  };
}

function replaceHostKey<Answer extends HandleResult | Observation>(answer: Answer, hostKey: string): Answer {
  if (answer.state === 'pending') return answer;
  const node = answer.changes?.node;
  if (node?.ssh === undefined) return answer;
  return {
    ...answer,
    changes: { ...answer.changes, node: { ...node, ssh: { ...node.ssh, hostKey } } },
  };
}

/**
 * For actions that delete or stop: a node whose job ended before its turn has no ledger row, and because
 * rows are written before effects, nothing of it exists in the cloud.
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
