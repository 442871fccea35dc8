import { hashSpec } from '../release-labels.ts';
import { readWorkloadName } from '../workloads.ts';
import { openValues, type ReleaseScope } from './release-scope.ts';
import type { ChangeReleaseDirective, WorkloadOverride } from '../release-tasks.ts';

/** The target of a change to a release. */
export interface WantedSpec {
  /** Identifies it: revisions are labelled with it. */
  readonly spec: string;
  /** With every secret decrypted. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly overrides: readonly WorkloadOverride[];
}

export async function wantedSpec(scope: ReleaseScope<ChangeReleaseDirective>): Promise<WantedSpec> {
  const values = await openValues(scope);
  const overrides = await toOverrides(scope);
  return {
    spec: hashSpec({ versionId: scope.context.cluster.versionId, values, overrides }),
    values,
    overrides,
  };
}

/** The pods of a stopped cluster also stay away during an upgrade. */
async function toOverrides({
  directive,
  context,
}: ReleaseScope<ChangeReleaseDirective>): Promise<readonly WorkloadOverride[]> {
  const { overrides, stopped } = directive;
  if (!stopped) return overrides;
  const { roles } = await context.loadCluster();
  return roles.flatMap((role) => {
    const workload = readWorkloadName(role);
    if (workload === null) return [];
    const own = overrides.find(({ kind, name }) => kind === workload.kind && name === workload.name);
    return [{ kind: workload.kind, name: workload.name, ...own, stopped: true }];
  });
}
