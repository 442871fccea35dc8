import { confdNodeFiles, nodeFiles } from '../../app-package/index.ts';
import { readConfdFiles, renderFiles, type ConfdTemplate } from '../../confd/index.ts';
import { WindlassError, type PackageContent } from '../../domain/index.ts';
import type { NodeFile, NodeShell, NodeTarget } from '../../nodes/index.ts';
import type { EffectCall, HandleResult, NodeTaskContext } from '../../provider/index.ts';
import { endWithinMoment } from '../../provider-utils/index.ts';
import { createSharedMetadata, type NodeMetadata } from '../metadata/index.ts';
import { METADATA_FILE } from '../node-paths.ts';
import { toNodeTarget } from '../node-target.ts';
import type { NodeTaskImplementation } from '../task-implementation.ts';
import { buildApplyFilesCommand, buildCompareFilesCommand, toStagedFiles } from './apply-files.ts';
import { applyToNode } from './apply-to-node.ts';
import { buildApplyCommand, buildCompareCommand, HAS_CONFD_COMMAND } from './confd.ts';
import { FRAME_CODES, observeNodeCommand, startNodeCommand, type NodeCommand } from './node-command.ts';

/** The files hold the values of secrets: only their owner may read them. */
const METADATA_MODE = 0o600;
/** The longest time that confd, check and reload commands may take, in seconds. */
const APPLY_TIMEOUT_SECONDS = 570;

/**
 * Writes the node's metadata, and the package's files if requested. Then the package's templates are
 * applied: by confd, if the node has it; otherwise they are rendered here, and files that differ on the
 * node are moved into place, checked before and reloaded after. If nothing differs nothing runs, however
 * often this is called.
 */
export function createRefreshTask(nodes: NodeShell): NodeTaskImplementation<'RefreshConfiguration'> {
  const share = createSharedMetadata();

  async function describeNode(context: NodeTaskContext): Promise<NodeMetadata> {
    const tree = await context.loadMetadata();
    if (tree === null) throw metadataMissing(context);
    const shared = await share({
      tree,
      related: await context.loadRelatedMetadata(),
      openSecret: (reference) => context.openSecret(reference),
      rootAccess: context.cluster.metadataRootAccess,
    });
    return shared.forNode(context.node.nodeId);
  }

  /** The command that is still to run on the node; null if everything is in its desired state. */
  async function prepare(
    context: NodeTaskContext<'RefreshConfiguration'>,
    call: EffectCall,
    target: NodeTarget,
  ): Promise<NodeCommand | null> {
    const content = await context.loadPackage();
    const metadata = await describeNode(context);
    const { packageFiles } = context.task.directive;
    const write = (files: readonly NodeFile[]): Promise<unknown> =>
      applyToNode(context, call, () => nodes.writeFiles(target, files, call.signal));
    const files: readonly NodeFile[] = [
      ...(packageFiles ? nodeFiles(content) : []),
      { path: METADATA_FILE, content: metadata.json, mode: METADATA_MODE },
    ];
    // The node is asked what is stale, not the write that was just made: a worker may have died in
    // between.
    const isStale = async (command: string): Promise<boolean> =>
      (await nodes.run(target, command, call.signal)).trim() === 'stale';
    if (await hasConfd(nodes, target, call.signal)) {
      await write([...files, ...confdNodeFiles(content)]);
      const prefix = prefixOf(context);
      return (await isStale(buildCompareCommand())) ? toCommand('confd', buildApplyCommand(prefix)) : null;
    }
    const rendered = renderFiles(readTemplates(content), metadata.values, prefixOf(context));
    await write([...files, ...toStagedFiles(rendered)]);
    if (rendered.length === 0 || !(await isStale(buildCompareFilesCommand(target.root, rendered))))
      return null;
    return toCommand('configuration', buildApplyFilesCommand(target.root, rendered));
  }

  return {
    handle: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      const command = await prepare(context, call, target);
      if (command === null) return { state: 'done' };
      const begin = async (): Promise<HandleResult> => {
        await startNodeCommand(nodes, context, call, command);
        return { state: 'started' };
      };
      return endWithinMoment(call, begin, (observeCall) =>
        observeNodeCommand(nodes, context, observeCall, command),
      );
    },
    wait: async (context, call) => {
      const target = toNodeTarget(context.node, context.access);
      // Needed again only if the command's outcome is unknown; then it is the same command.
      const command = (await hasConfd(nodes, target, call.signal))
        ? toCommand('confd', buildApplyCommand(prefixOf(context)))
        : toCommand(
            'configuration',
            buildApplyFilesCommand(
              target.root,
              readTemplates(await context.loadPackage()).map(({ resource }) => ({
                resource,
                content: new Uint8Array(),
              })),
            ),
          );
      return observeNodeCommand(nodes, context, call, command);
    },
  };
}

/**
 * Whether confd on the node is used. confd's resources have absolute paths: on a node that shares its file
 * system with others they would point outside of it.
 */
async function hasConfd(nodes: NodeShell, target: NodeTarget, signal: AbortSignal): Promise<boolean> {
  if (target.root !== '') return false;
  return (await nodes.run(target, HAS_CONFD_COMMAND, signal)).trim() === 'yes';
}

/** As packages expect it: the node's own tree, unless they ask for the root. */
function prefixOf(context: NodeTaskContext): '/self' | '/' {
  return context.cluster.metadataRootAccess ? '/' : '/self';
}

const templatesOf = new WeakMap<PackageContent, readonly ConfdTemplate[]>();

/** Read once for each package; a package with faults in it was refused when it was registered. */
function readTemplates(content: PackageContent): readonly ConfdTemplate[] {
  const known = templatesOf.get(content);
  if (known !== undefined) return known;
  const { templates } = readConfdFiles(content.files);
  templatesOf.set(content, templates);
  return templates;
}

function toCommand(name: string, command: string): NodeCommand {
  return {
    name,
    command,
    commandTimeoutSeconds: APPLY_TIMEOUT_SECONDS,
    idempotent: true,
    codes: FRAME_CODES,
  };
}

function metadataMissing(context: NodeTaskContext): WindlassError {
  return new WindlassError('conflict', `no metadata is registered for cluster ${context.cluster.clusterId}`, {
    code: 'METADATA_MISSING',
    hint: 'see the RegisterMetadata task of this job',
  });
}
