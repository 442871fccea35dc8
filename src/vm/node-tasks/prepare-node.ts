import { WindlassError } from '../../domain/index.ts';
import type { NodeShell } from '../../nodes/index.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { toNodeTarget } from '../node-target.ts';

/**
 * Waits until the node's sshd answers with the host key that was made for it and takes the
 * cluster's key. Nothing is changed on the node: its files come with its configuration, when the
 * volumes are mounted and cannot hide them.
 */
export function createPrepareNodeTask(nodes: NodeShell): NodeTaskImplementation {
  return {
    handle: async () => ({ state: 'started' }),
    wait: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      try {
        await nodes.ping(target, call.signal);
        return { state: 'done' };
      } catch (error) {
        // A node that boots refuses or drops connections; a wrong host key is never waited out.
        if (!WindlassError.isInstance(error) || error.kind !== 'unavailable') throw error;
        return {
          state: 'pending',
          seen: `sshd at ${target.host}:${target.port} does not answer yet: ${error.message}`,
        };
      }
    },
  };
}
