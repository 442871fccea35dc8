import type { NodeShell } from '../../nodes/index.ts';
import { toNodeTarget } from '../node-target.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { applyToNode } from './apply-to-node.ts';
import { buildStopCommand } from './confd.ts';

/** Stops applying the metadata on the node. Stopped already is a success. */
export function createStopConfigurationTask(nodes: NodeShell): NodeTaskImplementation {
  return {
    handle: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      await applyToNode(context, call, () => nodes.run(target, buildStopCommand(target.root), call.signal));
      return { state: 'done' };
    },
  };
}
