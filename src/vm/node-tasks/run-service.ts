import type { Task } from '../../domain/index.ts';
import type { NodeShell } from '../../nodes/index.ts';
import { readServiceDirective } from '../directives.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { observeNodeCommand, SERVICE_CODES, startNodeCommand, type NodeCommand } from './node-command.ts';

/** Every service of a package: its command runs on the node until it ends, or its limit strikes. */
export function createServiceTask(nodes: NodeShell): NodeTaskImplementation {
  return {
    handle: async (context, call) => {
      await startNodeCommand(nodes, context, call, toServiceCommand(context.task));
      return { state: 'started' };
    },
    wait: (context, call) => observeNodeCommand(nodes, context, call, toServiceCommand(context.task)),
  };
}

function toServiceCommand(task: Task): NodeCommand {
  const directive = readServiceDirective(task.directive);
  return { ...directive, name: `${directive.service} service`, codes: SERVICE_CODES };
}
