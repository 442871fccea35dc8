import type { ServiceAction, Task } from '../../domain/index.ts';
import type { NodeShell } from '../../nodes/index.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { observeNodeCommand, SERVICE_CODES, startNodeCommand, type NodeCommand } from './node-command.ts';

/** Every service of a package: its command runs on the node until it ends, or its timeout expires. */
export function createServiceTask(nodes: NodeShell): Required<NodeTaskImplementation<ServiceAction>> {
  return {
    handle: async (context, call) => {
      await startNodeCommand(nodes, context, call, toServiceCommand(context.task));
      return { state: 'started' };
    },
    wait: (context, call) => observeNodeCommand(nodes, context, call, toServiceCommand(context.task)),
  };
}

function toServiceCommand({ directive }: Task<ServiceAction>): NodeCommand {
  return { ...directive, name: `${directive.service} service`, codes: SERVICE_CODES };
}
