import { type NodeShell, quoteForShell } from '../../nodes/index.ts';
import type { NodeTaskContext } from '../../provider/index.ts';
import { toNodeTarget } from '../node-target.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { observeNodeCommand, SERVICE_CODES, startNodeCommand, type NodeCommand } from './node-command.ts';

/** The file of a command's standard output; separate from the runner's log, which mixes it with errors. */
const TOKEN_FILE = '/var/lib/windlass/custom-metadata';

/**
 * Runs the role's custom metadata command; its output is the node's token, which the other nodes find in
 * the metadata. Changes: node.customToken.
 */
export function createCustomMetadataTask(
  nodes: NodeShell,
): Required<NodeTaskImplementation<'RegisterCustomMetadata'>> {
  return {
    handle: async (context, call) => {
      await startNodeCommand(nodes, context, call, toTokenCommand(context));
      return { state: 'started' };
    },
    wait: (context, call) =>
      observeNodeCommand(nodes, context, call, toTokenCommand(context), async () => {
        const target = toNodeTarget(context.node, context.access);
        const token = await nodes.run(target, `cat ${quoteForShell(target.root + TOKEN_FILE)}`, call.signal);
        return { state: 'done', changes: { node: { customToken: token.trim() } } };
      }),
  };
}

function toTokenCommand(context: NodeTaskContext<'RegisterCustomMetadata'>): NodeCommand {
  const directive = context.task.directive;
  const file = quoteForShell(context.node.ssh.root + TOKEN_FILE);
  return {
    ...directive,
    // The command has lines of its own, so that a comment in it ends with it. Its exit code is that of the
    // whole script.
    command: `umask 077
mkdir -p "$(dirname ${file})"
(
${directive.command}
) > ${file}.new && mv ${file}.new ${file}`,
    name: 'custom metadata command',
    codes: SERVICE_CODES,
  };
}
