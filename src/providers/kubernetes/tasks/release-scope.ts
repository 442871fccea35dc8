import { openChartConf } from '../../../chart-package/index.ts';
import { WindlassError, type LedgerResource } from '../../../domain/index.ts';
import type { Call, TaskContext } from '../../../provider/index.ts';
import { requireRow as requireLedgerRow } from '../../../provider-utils/index.ts';
import { createApiResources, type ApiResources } from '../api/api-resources.ts';
import type { Connect, KubeConnection } from '../api/connection.ts';
import { createKubeClient, type KubeClient } from '../api/kube-client.ts';
import type { DiscoveryCache } from '../helm/discovery-cache.ts';
import { listRevisions, type ReleaseRevision } from '../helm/release-record.ts';
import type { FindHelm } from '../helm/run-helm.ts';
import { RELEASE_KIND } from '../plan-chart-job.ts';
import { encodeToken, TOKEN_LABEL } from '../release-labels.ts';
import { readSettings, type KubernetesSettings } from '../settings.ts';
import type { ReleaseDirective } from '../release-tasks.ts';

/** What every task of the provider needs. */
export interface KubernetesDependencies {
  readonly connect: Connect;
  readonly findHelm: FindHelm;
  readonly discoveryCache: DiscoveryCache;
}

/** A task's release: its place, its connection, and its identity. */
export interface ReleaseScope<T extends ReleaseDirective = ReleaseDirective> {
  readonly context: TaskContext;
  readonly directive: T;
  readonly settings: KubernetesSettings;
  readonly connection: KubeConnection;
  readonly client: KubeClient;
  readonly kinds: ApiResources;
  /** The ledger row; absent if nothing was ever begun. */
  readonly row: LedgerResource | undefined;
  /** All revisions that exist, newest last. */
  listRevisions(): Promise<readonly ReleaseRevision[]>;
}

/** @throws cancelled; every fault of the credential. */
export async function openScope<T extends ReleaseDirective>(
  dependencies: KubernetesDependencies,
  context: TaskContext & { readonly task: { readonly directive: T } },
  call: Call,
): Promise<ReleaseScope<T>> {
  const directive: T = context.task.directive;
  const connection = await dependencies.connect({ url: context.runtime.url, credential: context.credential });
  const client = createKubeClient(connection, call);
  return {
    context,
    directive,
    settings: readSettings(context.runtime.settings),
    connection,
    client,
    kinds: createApiResources(client),
    row: context.resources[RELEASE_KIND],
    listRevisions: () => listRevisions(client, directive.namespace, directive.release),
  };
}

/** @throws internal `RESOURCE_NOT_CLAIMED` */
export function requireRow({ context }: ReleaseScope): LedgerResource {
  return requireLedgerRow(context, RELEASE_KIND);
}

/** Whether a revision belongs to this row: it carries its token. */
export function isOurs(revision: ReleaseRevision, row: LedgerResource): boolean {
  return revision.labels[TOKEN_LABEL] === encodeToken(row.token);
}

/** For a release of that name that belongs to another owner: it is never touched. */
export function releaseTaken({ directive }: ReleaseScope, revision: ReleaseRevision): WindlassError {
  return new WindlassError(
    'conflict',
    `there already is a release ${directive.release} in namespace ${directive.namespace}, and it does not belong to this cluster`,
    {
      code: 'RELEASE_TAKEN',
      field: 'name',
      hint: `choose another name for the cluster (revision ${revision.revision} of the other is ${revision.status})`,
    },
  );
}

/** For actions that need a release and find none. */
export function releaseGone({ directive }: ReleaseScope): WindlassError {
  return new WindlassError('not-found', `release ${directive.release} is gone`, {
    code: 'RELEASE_GONE',
    hint: 'it was uninstalled outside of windlass: recovering the cluster installs it again',
  });
}

/** The user's values, decrypted: only for helm. */
export async function openValues({ context }: ReleaseScope): Promise<Readonly<Record<string, unknown>>> {
  return openChartConf(context.cluster.conf, (reference) => context.openSecret(reference));
}
