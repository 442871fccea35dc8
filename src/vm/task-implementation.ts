import { WindlassError, type TaskAction } from '../domain/index.ts';
import type {
  EffectCall,
  HandleResult,
  NodeTaskContext,
  ObserveCall,
  Observation,
  TaskContext,
} from '../provider/index.ts';
import { endWithinMoment } from '../provider-utils/index.ts';

/** The implementation of one action's tasks: the two halves of the Provider contract. */
export interface TaskImplementation {
  handle(context: TaskContext, call: EffectCall): Promise<HandleResult>;
  wait(context: TaskContext, call: ObserveCall): Promise<Observation>;
}

/** An action and its implementation, as in the table. */
export type TaskEntry = readonly [TaskAction, TaskImplementation];

/** The same for actions that always concern one node. */
export interface NodeTaskImplementation<Actions extends TaskAction = TaskAction> {
  handle(context: NodeTaskContext<Actions>, call: EffectCall): Promise<HandleResult>;
  /** Absent if handle is always done at once. */
  wait?(context: NodeTaskContext<Actions>, call: ObserveCall): Promise<Observation>;
}

/** Gives an implementation for one node the form of the table, which passes it only tasks of its actions. */
export function forNode<Actions extends TaskAction>(of: NodeTaskImplementation<Actions>): TaskImplementation {
  const implementation: NodeTaskImplementation = of;
  return {
    handle: async (context, call) => implementation.handle(toNodeTaskContext(context), call),
    wait: async (context, call) => {
      if (implementation.wait === undefined) throw nothingToWaitFor(context);
      return implementation.wait(toNodeTaskContext(context), call);
    },
  };
}

/** For what mostly ends within a moment, as commands on nodes do: the handle polls for it, see endWithinMoment. */
export function endingSoon<Actions extends TaskAction>({
  handle,
  wait,
}: Required<NodeTaskImplementation<Actions>>): NodeTaskImplementation<Actions> {
  return {
    handle: (context, call) =>
      endWithinMoment(
        call,
        () => handle(context, call),
        (observeCall) => wait(context, observeCall),
      ),
    wait,
  };
}

/** @throws internal `TASK_WITHOUT_NODE` when the engine did not load what the plan named. */
export function toNodeTaskContext(context: TaskContext): NodeTaskContext {
  const { node, role, access } = context;
  if (node === null || role === null || access === null) {
    throw new WindlassError(
      'internal',
      `task ${context.task.taskId} (${context.task.action}) works on a node, but came without one`,
      { code: 'TASK_WITHOUT_NODE' },
    );
  }
  // Loaders stay methods of the engine's own context.
  return {
    ...context,
    node,
    role,
    access,
    loadCluster: () => context.loadCluster(),
    loadPackage: () => context.loadPackage(),
    loadMetadata: () => context.loadMetadata(),
    loadRelatedMetadata: () => context.loadRelatedMetadata(),
    openSecret: (reference) => context.openSecret(reference),
    loadChangedHostKey: () => context.loadChangedHostKey(),
    loadSecretValues: () => context.loadSecretValues(),
  };
}

/** For the wait of a task that is done when its handle returns. */
export function nothingToWaitFor(context: TaskContext): WindlassError {
  return new WindlassError(
    'internal',
    `${context.task.action} is done at once: task ${context.task.taskId} has nothing to wait for`,
    { code: 'TASK_WITHOUT_WAIT' },
  );
}
