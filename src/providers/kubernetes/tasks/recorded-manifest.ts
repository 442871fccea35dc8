import { canonicalJson } from '../../../plan/index.ts';
import { putOverrides } from '../helm/put-overrides.ts';
import { readContent, type ReleaseContent, type ReleaseRevision } from '../helm/release-record.ts';
import { isWorkloadKind } from '../workloads.ts';
import { readObjects } from '../helm/release-objects.ts';
import { toLabelValue, VERSION_LABEL } from '../release-labels.ts';
import type { Workload } from '../api/kube-types.ts';
import { STOPPED_NODE_LABEL } from '../helm/overrides.ts';
import { nameOf } from '../manifest.ts';
import { isOurs, requireRow, type ReleaseScope } from './release-scope.ts';
import type { WantedSpec } from './wanted-spec.ts';
import type { WorkloadOverride } from '../release-tasks.ts';

/** The manifest that helm applies instead of the one that it would render. */
export interface RecordedManifest {
  readonly manifest: string;
  /** As the record holds them: helm 4 expects them in the post-renderer's output too. */
  readonly hooks: string;
}

/**
 * The manifest of the newest good revision that was made from the same version and values, with the counts
 * and sizes that are desired now: values that its templates generated (passwords, certificates, times)
 * stay. Null if helm's records have no such revision.
 *
 * @param counts how many pods each workload (`Deployment/web`) has while the cluster runs: a revision that
 * was made while it was stopped says 0
 */
export async function findRecorded(
  scope: ReleaseScope,
  { values, overrides }: WantedSpec,
  revisions: readonly ReleaseRevision[],
  counts: Readonly<Record<string, number>>,
): Promise<RecordedManifest | null> {
  const row = requireRow(scope);
  const version = toLabelValue(scope.context.cluster.versionId);
  for (const revision of [...revisions].reverse()) {
    const isGood = revision.status === 'deployed' || revision.status === 'superseded';
    if (!isGood || !isOurs(revision, row) || revision.labels[VERSION_LABEL] !== version) continue;
    const content = await readContent(revision);
    if (canonicalJson(content.values) !== canonicalJson(values)) continue;
    const started = listStarted(await readObjects(revision), overrides, counts);
    return toRecorded(content, [...overrides, ...started]);
  }
  return null;
}

/** Changes that a stop made in the manifest are taken out again, unless the cluster stays stopped. */
function listStarted(
  objects: readonly Workload[],
  overrides: readonly WorkloadOverride[],
  counts: Readonly<Record<string, number>>,
): readonly WorkloadOverride[] {
  return objects
    .filter(({ kind }) => isWorkloadKind(kind))
    .flatMap((workload) => {
      const [kind, name] = [workload.kind ?? '', nameOf(workload)];
      const own = overrides.find((override) => override.kind === kind && override.name === name);
      if (own !== undefined) return [];
      const replicas = counts[`${kind}/${name}`] ?? 0;
      if (kind === 'DaemonSet') return isMarkedStopped(workload) ? [{ kind, name }] : [];
      return workload.spec?.replicas === 0 && replicas > 0 ? [{ kind, name, replicas }] : [];
    });
}

function isMarkedStopped(workload: Workload): boolean {
  return workload.spec?.template?.spec?.nodeSelector?.[STOPPED_NODE_LABEL] !== undefined;
}

/** File names that helm generated for the post-renderer's output: helm generates them again. */
const MADE_UP = /^# Source: generated-by-postrender-.*\r?\n/gm;

function toRecorded(
  { manifest, hooks }: ReleaseContent,
  overrides: readonly WorkloadOverride[],
): RecordedManifest {
  return {
    manifest: putOverrides(manifest.replaceAll(MADE_UP, ''), overrides),
    hooks: hooks.map((hook) => `---\n${hook.manifest.replaceAll(MADE_UP, '').trimEnd()}\n`).join(''),
  };
}
