import type { EffectCall, HandleResult, TaskContext } from '../../../provider/index.ts';
import { packWithStatus, type ReleaseRevision } from '../helm/release-record.ts';
import { takeOverArguments } from '../helm/run-helm.ts';
import { formatLabels, SPEC_LABEL, STOPPED_ANNOTATION } from '../release-labels.ts';
import { readWorkloadName } from '../workloads.ts';
import { forgetRecord, rewriteRecord } from './change-record.ts';
import { ownLabels, releaseId } from './install-release.ts';
import { isPending, requireRecorded, waitForOtherHelm } from './pending-revision.ts';
import {
  isOurs,
  openScope,
  releaseGone,
  releaseTaken,
  requireRow,
  type KubernetesDependencies,
  type ReleaseScope,
} from './release-scope.ts';
import { findRecorded } from './recorded-manifest.ts';
import { runHelmOn } from './run-helm-on.ts';
import { readCounts, writeCounts } from './stopped-counts.ts';
import { wantedSpec, type WantedSpec } from './wanted-spec.ts';
import type { ChangeReleaseDirective } from '../release-tasks.ts';

type ChangeScope = ReleaseScope<ChangeReleaseDirective>;

/**
 * Gives the release the desired chart, values, counts and sizes, once, because each revision is labelled
 * with what it was made from. If only counts and sizes are new, they are applied to the manifest that helm
 * has recorded, without rendering again. An interrupted revision is removed from helm's records (its
 * objects stay, and the next upgrade adopts them) and made again under the same number.
 *
 * After a failure: the revision that ran before is still helm's last good one.
 */
export function upgradeRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'UpgradeRelease'>,
  call: EffectCall,
): Promise<HandleResult> {
  return changeRelease(dependencies, context, call, (scope, wanted, revisions) =>
    upgrade(dependencies, scope, call, wanted, revisions),
  );
}

/**
 * Goes back to the revision that was made from the desired state. If helm no longer has it, or if counts
 * have changed since, an upgrade to the same state does it.
 */
export function rollbackRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'RollbackRelease'>,
  call: EffectCall,
): Promise<HandleResult> {
  return changeRelease(dependencies, context, call, async (scope, wanted, revisions) => {
    const target = revisions.findLast(
      ({ labels, status }) =>
        labels[SPEC_LABEL] === wanted.spec && (status === 'superseded' || status === 'deployed'),
    );
    if (target === undefined) {
      await upgrade(dependencies, scope, call, wanted, revisions);
      return;
    }
    const program = await dependencies.findHelm();
    await runHelmOn(dependencies, scope, call, {
      verb: 'rollback',
      withChart: false,
      args: [String(target.revision), ...hookArguments(scope), ...takeOverArguments(program)],
    });
  });
}

type Change = (
  scope: ChangeScope,
  wanted: WantedSpec,
  revisions: readonly ReleaseRevision[],
) => Promise<void>;

async function changeRelease(
  dependencies: KubernetesDependencies,
  context: TaskContext<'UpgradeRelease' | 'RollbackRelease'>,
  call: EffectCall,
  change: Change,
): Promise<HandleResult> {
  const scope = await openScope(dependencies, context, call);
  const row = requireRow(scope);
  const wanted = await wantedSpec(scope);
  const { spec } = wanted;
  let revisions = await scope.listRevisions();
  let newest = requireOurs(scope, revisions.at(-1));
  if (isPending(newest)) {
    await waitForOtherHelm(scope, newest);
    revisions = await scope.listRevisions();
    newest = requireOurs(scope, revisions.at(-1));
    if (isPending(newest)) {
      call.log('removing an interrupted revision from helm’s records', {
        release: newest.name,
        revision: newest.revision,
      });
      await forgetRecord(scope, newest, call);
      revisions = revisions.slice(0, -1);
      newest = requireOurs(scope, revisions.at(-1));
    }
  }
  const counts = readCounts(revisions);
  if (newest.status !== 'deployed' || newest.labels[SPEC_LABEL] !== spec) {
    await change(scope, wanted, revisions);
    revisions = await scope.listRevisions();
    newest = requireOurs(scope, revisions.at(-1));
    requireRecorded(newest, 'deployed');
  }
  await supersedeOlder(scope, revisions, call);
  // The new revision records the counts that start has to restore.
  if (scope.directive.stopped && newest.annotations[STOPPED_ANNOTATION] === undefined && counts !== null) {
    await writeCounts(scope, newest, { ...counts, ...(await wantedCounts(scope)) }, call);
  }
  return {
    state: 'started',
    changes: { resources: [{ token: row.token, state: 'made', cloudId: releaseId(scope) }] },
  };
}

async function upgrade(
  dependencies: KubernetesDependencies,
  scope: ChangeScope,
  call: EffectCall,
  wanted: WantedSpec,
  revisions: readonly ReleaseRevision[],
): Promise<void> {
  const { spec, values, overrides } = wanted;
  const program = await dependencies.findHelm();
  const recorded = scope.directive.renders
    ? null
    : await findRecorded(scope, wanted, revisions, await wantedCounts(scope));
  await runHelmOn(dependencies, scope, call, {
    verb: 'upgrade',
    withChart: true,
    values,
    overrides,
    recorded,
    args: [
      // The conf holds all of the user's values: a value that it no longer contains goes back to the
      // default.
      '--reset-values',
      '--labels',
      formatLabels({ ...ownLabels(scope), [SPEC_LABEL]: spec }),
      ...(recorded === null || scope.context.task.action === 'RollbackRelease'
        ? hookArguments(scope)
        : // Only counts and sizes are new.
          ['--no-hooks']),
      // Takes field ownership of the counts back from `stop`.
      ...takeOverArguments(program),
    ],
  });
}

function hookArguments({ directive }: ChangeScope): readonly string[] {
  return directive.hooks ? [] : ['--no-hooks'];
}

async function wantedCounts({ context }: ChangeScope): Promise<Readonly<Record<string, number>>> {
  const { roles, nodes } = await context.loadCluster();
  return Object.fromEntries(
    roles.flatMap((role) => {
      const workload = readWorkloadName(role);
      const count = nodes.filter((node) => node.role === role.role && node.status !== 'deleted').length;
      return workload === null ? [] : [[`${workload.kind}/${workload.name}`, count]];
    }),
  );
}

/**
 * Only one revision of a release is deployed. Helm records that the one before no longer is, and continues
 * if that write fails; its later changes read only the newest.
 */
async function supersedeOlder(
  scope: ReleaseScope,
  revisions: readonly ReleaseRevision[],
  call: EffectCall,
): Promise<void> {
  const row = requireRow(scope);
  for (const revision of revisions.slice(0, -1)) {
    if (revision.status !== 'deployed' || !isOurs(revision, row)) continue;
    const change = {
      release: await packWithStatus(revision, 'superseded'),
      labels: { status: 'superseded' },
      what: `mark helm’s record ${revision.secretName} as superseded`,
    };
    await rewriteRecord(scope, revision, change, call);
  }
}

function requireOurs(scope: ReleaseScope, newest: ReleaseRevision | undefined): ReleaseRevision {
  if (newest === undefined) throw releaseGone(scope);
  if (!isOurs(newest, requireRow(scope))) throw releaseTaken(scope, newest);
  return newest;
}
