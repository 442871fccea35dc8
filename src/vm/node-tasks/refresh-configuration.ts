import { nodeFiles } from '../../app-package/index.ts';
import { WindlassError } from '../../domain/index.ts';
import type { NodeFile, NodeShell } from '../../nodes/index.ts';
import type { NodeTaskContext } from '../../provider/index.ts';
import { readRefreshDirective } from '../directives.ts';
import { renderNodeMetadata } from '../metadata.ts';
import { CONFD_METADATA_FILE, METADATA_FILE } from '../node-paths.ts';
import { toNodeTarget } from '../node-target.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { applyToNode } from './apply-to-node.ts';
import { buildApplyCommand, buildCompareCommand } from './confd.ts';
import { FRAME_CODES, observeNodeCommand, startNodeCommand, type NodeCommand } from './node-command.ts';

/** The files hold the values of secrets: only their owner reads them. */
const METADATA_MODE = 0o600;
/** Longest time that confd and the package's reload commands may take, in seconds. */
const CONFD_TIMEOUT_SECONDS = 570;

/**
 * Writes what the node should know, and the package's files where asked for; then, if the node has
 * confd and has not yet applied this very content, runs it once, which runs the package's reload
 * commands where a file changed. Writing the same content again changes nothing.
 */
export function createRefreshTask(nodes: NodeShell): NodeTaskImplementation {
  return {
    handle: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      const files = await collectFiles(context);
      await applyToNode(context, call, () => nodes.writeFiles(target, files, call.signal));
      // confd's templates name absolute paths: on a node that shares its file system with others
      // they would lead out of it.
      if (target.root !== '') return { state: 'done' };
      // Asked of the node, not of what was written just now: a worker may have died in between.
      const applied = await nodes.run(target, buildCompareCommand(), call.signal);
      if (applied.trim() !== 'stale') return { state: 'done' };
      await startNodeCommand(nodes, context, call, toApplyCommand(context));
      return { state: 'started' };
    },
    wait: (context, call) => observeNodeCommand(nodes, context, call, toApplyCommand(context)),
  };
}

async function collectFiles(context: NodeTaskContext): Promise<readonly NodeFile[]> {
  const tree = await context.loadMetadata();
  if (tree === null) {
    throw new WindlassError(
      'conflict',
      `no metadata is registered for cluster ${context.cluster.clusterId}`,
      {
        code: 'METADATA_MISSING',
        hint: 'look at the RegisterMetadata task of this job',
      },
    );
  }
  const { json, confd } = await renderNodeMetadata(
    tree,
    context.node.nodeId,
    (reference) => context.openSecret(reference),
    { rootAccess: context.cluster.metadataRootAccess },
  );
  const { packageFiles } = readRefreshDirective(context.task.directive);
  return [
    ...(packageFiles ? nodeFiles(await context.loadPackage()) : []),
    { path: METADATA_FILE, content: json, mode: METADATA_MODE },
    { path: CONFD_METADATA_FILE, content: confd, mode: METADATA_MODE },
  ];
}

function toApplyCommand(context: NodeTaskContext): NodeCommand {
  return {
    name: 'confd',
    // As packages expect it: the node's own tree, unless they ask for the root.
    command: buildApplyCommand(context.cluster.metadataRootAccess ? '/' : '/self'),
    commandTimeoutSeconds: CONFD_TIMEOUT_SECONDS,
    idempotent: true,
    codes: FRAME_CODES,
  };
}
