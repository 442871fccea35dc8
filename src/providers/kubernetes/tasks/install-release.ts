import type { EffectCall, HandleResult, TaskContext } from '../../../provider/index.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import {
  CLUSTER_LABEL,
  encodeToken,
  formatLabels,
  hashSpec,
  SPEC_LABEL,
  TOKEN_LABEL,
  toLabelValue,
  VERSION_LABEL,
} from '../release-labels.ts';
import { isPending, requireRecorded, waitForOtherHelm } from './pending-revision.ts';
import {
  isOurs,
  openScope,
  openValues,
  releaseTaken,
  requireRow,
  type KubernetesDependencies,
  type ReleaseScope,
} from './release-scope.ts';
import { runHelmOn } from './run-helm-on.ts';

/**
 * Installs the cluster's release, once. A release that carries the token is adopted, however far it came;
 * one whose install was interrupted is uninstalled and installed again, because only then do all install
 * hooks of the chart run. A release of this name that is not ours is never touched.
 *
 * After a failure: at most one release carries the token; a later call or a delete finds it.
 */
export async function installRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'InstallRelease'>,
  call: EffectCall,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  const row = requireRow(scope);
  let [newest] = (await scope.listRevisions()).slice(-1);
  if (newest !== undefined && !isOurs(newest, row)) throw releaseTaken(scope, newest);
  if (newest !== undefined && isPending(newest)) newest = await waitForOtherHelm(scope, newest);
  if (newest !== undefined && isUnfinished(newest)) {
    call.log('uninstalling a release whose install was interrupted', {
      release: newest.name,
      status: newest.status,
    });
    await takeBack(dependencies, scope, call);
    newest = undefined;
  }
  if (newest === undefined) {
    await install(dependencies, scope, call);
    requireRecorded((await scope.listRevisions()).at(-1), 'deployed');
  }
  return {
    state: 'started',
    changes: {
      resources: [{ token: row.token, state: 'made', cloudId: releaseId(scope), attributes: {} }],
    },
  };
}

/** The first revision was not completed; later revisions are handled by an upgrade. */
function isUnfinished({ revision, status }: ReleaseRevision): boolean {
  if (status === 'uninstalling' || status === 'uninstalled') return true;
  return revision === 1 && (status === 'pending-install' || status === 'failed');
}

/** How users know a release: namespace and name. */
export function releaseId({ directive }: ReleaseScope): string {
  return `${directive.namespace}/${directive.release}`;
}

async function install(
  dependencies: KubernetesDependencies,
  scope: ReleaseScope,
  call: EffectCall,
): Promise<void> {
  const values = await openValues(scope);
  await runHelmOn(dependencies, scope, call, {
    verb: 'install',
    withChart: true,
    values,
    args: ['--labels', formatLabels({ ...ownLabels(scope), [SPEC_LABEL]: specOf(scope, values) })],
  });
}

function specOf({ context }: ReleaseScope, values: Readonly<Record<string, unknown>>): string {
  return hashSpec({ versionId: context.cluster.versionId, values, overrides: [] });
}

/** Labels of every revision, whatever it was made for. */
export function ownLabels(scope: ReleaseScope): Readonly<Record<string, string>> {
  const { cluster } = scope.context;
  return {
    [TOKEN_LABEL]: encodeToken(requireRow(scope).token),
    [CLUSTER_LABEL]: toLabelValue(cluster.clusterId),
    [VERSION_LABEL]: toLabelValue(cluster.versionId),
  };
}

/** Without hooks: delete hooks belong to a release that was complete. */
async function takeBack(
  dependencies: KubernetesDependencies,
  scope: ReleaseScope,
  call: EffectCall,
): Promise<void> {
  await runHelmOn(dependencies, scope, call, {
    verb: 'uninstall',
    withChart: false,
    args: ['--no-hooks', '--wait', '--ignore-not-found'],
  });
}
