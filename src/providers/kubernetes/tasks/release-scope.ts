import { openChartSecrets } from '../../../chart-package/index.ts';
import { WindlassError, type LedgerResource } from '../../../domain/index.ts';
import type { Call, EffectCall, TaskContext } from '../../../provider/index.ts';
import { createApiResources, type ApiResources } from '../api/api-resources.ts';
import type { Connect, KubeConnection } from '../api/connection.ts';
import { createKubeClient, refuseWhenCancelled, type KubeClient } from '../api/kube-client.ts';
import { readDirective, type ReleaseDirective } from '../directives.ts';
import type { DiscoveryCache } from '../helm/discovery-cache.ts';
import { toHelmError } from '../helm/helm-errors.ts';
import type { WorkloadOverride } from '../helm/overrides.ts';
import { listRevisions, type ReleaseRevision } from '../helm/release-record.ts';
import { hideFolder } from '../helm/render-chart.ts';
import { runHelm, type FindHelm, type HelmProgram } from '../helm/run-helm.ts';
import { withWorkFolder, type WorkFolder } from '../helm/work-folder.ts';
import { RELEASE_KIND } from '../plan-chart-job.ts';
import { watchHooks } from './watch-hooks.ts';
import { encodeToken, TOKEN_LABEL } from '../release-labels.ts';
import { readSettings, type KubernetesSettings } from '../settings.ts';

/** What every task of the provider works with. */
export interface KubernetesWorld {
  readonly connect: Connect;
  readonly findHelm: FindHelm;
  readonly discoveryCache: DiscoveryCache;
}

/** A task's release: where it is, how it is reached, what it is known by. */
export interface ReleaseScope<T extends ReleaseDirective = ReleaseDirective> {
  readonly context: TaskContext;
  readonly directive: T;
  readonly settings: KubernetesSettings;
  readonly connection: KubeConnection;
  readonly client: KubeClient;
  readonly kinds: ApiResources;
  /** The ledger row; absent where nothing was ever begun. */
  readonly row: LedgerResource | undefined;
  /** All revisions that are there, newest last. */
  listRevisions(): Promise<readonly ReleaseRevision[]>;
}

/** @throws cancelled; whatever is wrong with the credential. */
export async function openScope<T extends ReleaseDirective>(
  world: KubernetesWorld,
  context: TaskContext,
  call: Call,
): Promise<ReleaseScope<T>> {
  refuseWhenCancelled(call.signal);
  const directive = readDirective<T>(context.task);
  const connection = await world.connect({ url: context.runtime.url, credential: context.credential });
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
export function requireRow({ row, context }: ReleaseScope): LedgerResource {
  if (row !== undefined) return row;
  throw new WindlassError('internal', `task ${context.task.taskId} came without the row of its release`, {
    code: 'RESOURCE_NOT_CLAIMED',
  });
}

/** Whether a revision is of this row: it carries its token. */
export function isOurs(revision: ReleaseRevision, row: LedgerResource): boolean {
  return revision.labels[TOKEN_LABEL] === encodeToken(row.token);
}

/** For a release of that name which is somebody else's: it is never touched. */
export function releaseTaken({ directive }: ReleaseScope, revision: ReleaseRevision): WindlassError {
  return new WindlassError(
    'conflict',
    `there is a release ${directive.release} in namespace ${directive.namespace} already, and it is not of this cluster`,
    {
      code: 'RELEASE_TAKEN',
      field: 'name',
      hint: `choose another name for the cluster (revision ${revision.revision} of the other is ${revision.status})`,
    },
  );
}

/** For what needs a release and finds none. */
export function releaseGone({ directive }: ReleaseScope): WindlassError {
  return new WindlassError('not-found', `release ${directive.release} is gone`, {
    code: 'RELEASE_GONE',
    hint: 'somebody uninstalled it: recovering the cluster installs it again',
  });
}

/** What helm is run with, besides the verb and the release's name. */
export interface HelmOrder {
  readonly verb: 'install' | 'upgrade' | 'rollback' | 'uninstall';
  /** After the release's name, e.g. the revision of a rollback. */
  readonly args: readonly string[];
  readonly withChart: boolean;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly WorkloadOverride[];
}

/** About how many requests helm sends to the server for one change. */
const HELM_REQUESTS = 20;

/**
 * Runs helm on the release, as the fence allows: the lease is checked as the last thing before it
 * starts.
 *
 * @throws what helm fails with, as errors of the closed list; conflict `LEASE_LOST`.
 */
export async function runHelmOn(
  world: KubernetesWorld,
  scope: ReleaseScope,
  call: EffectCall,
  order: HelmOrder,
): Promise<void> {
  const { directive, context, settings, connection } = scope;
  const { token } = requireRow(scope);
  const program = await world.findHelm();
  await withWorkFolder(async (folder) => {
    await folder.writeKubeconfig(await toKubeconfig(connection));
    const args = [
      order.verb,
      directive.release,
      ...(order.withChart ? [await folder.writeChart((await context.loadPackage()).files)] : []),
      ...order.args,
      '--namespace',
      directive.namespace,
      '--timeout',
      `${Math.round(settings.helmTimeoutMs / 1000)}s`,
      ...(await fileArguments(folder, program, order)),
    ];
    const discovery = await world.discoveryCache.environment(connection);
    const secrets = await context.loadSecretValues();
    await call.request(HELM_REQUESTS);
    await call.beforeEffect(token);
    const result = await runWatched(scope, call.signal, (signal) =>
      runHelm({
        program,
        args,
        env: { ...folder.env, ...discovery },
        cwd: folder.path,
        signal,
        timeoutMs: settings.helmTimeoutMs + 10_000,
      }),
    );
    await call.afterEffect(token);
    if (result.exitCode > 128) throw helmKilled(order.verb, result.exitCode - 128);
    if (result.exitCode !== 0) {
      throw toHelmError(order.verb, hideFolder(result.stderr, folder.path), (text) => maskAll(text, secrets));
    }
  });
}

/** Nothing is known of how far it came: the next try looks, and mends it. */
function helmKilled(verb: string, signal: number): WindlassError {
  return new WindlassError('unavailable', `helm ${verb} was killed by signal ${signal}`, {
    code: 'HELM_KILLED',
    hint: 'the machine may be short of memory; the next try looks how far it came',
  });
}

/** Ends helm when one of its hooks will never end, with what that hook is stuck for. */
async function runWatched<T>(
  scope: ReleaseScope,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const given = new AbortController();
  let reason: unknown;
  const watching = watchHooks(scope, ended.signal).catch((error: unknown) => {
    // A server that does not answer now is helm's matter.
    if (ended.signal.aborted || !isReason(error)) return;
    reason = error;
    given.abort();
  });
  try {
    return await run(AbortSignal.any([signal, given.signal]));
  } catch (error) {
    throw reason ?? error;
  } finally {
    ended.abort();
    await watching;
  }
}

function isReason(error: unknown): boolean {
  return WindlassError.isInstance(error) && (error.kind === 'conflict' || error.kind === 'quota');
}

async function fileArguments(
  folder: WorkFolder,
  program: HelmProgram,
  { values, overrides = [] }: HelmOrder,
): Promise<readonly string[]> {
  return [
    ...(values === undefined ? [] : ['--values', await folder.writeValues(values)]),
    ...(overrides.length === 0 ? [] : await folder.writePostRenderer(program, overrides)),
  ];
}

/** Only what identifies this worker now: helm runs no plugin and knows no other server. */
async function toKubeconfig(connection: KubeConnection): Promise<unknown> {
  const { token, clientCertificate, clientKey } = await connection.authenticate();
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'windlass',
    contexts: [{ name: 'windlass', context: { cluster: 'windlass', user: 'windlass' } }],
    clusters: [
      {
        name: 'windlass',
        cluster: {
          server: connection.server.href,
          ...(connection.certificateAuthority === null
            ? {}
            : { 'certificate-authority-data': base64(connection.certificateAuthority) }),
          ...(connection.tlsServerName === null ? {} : { 'tls-server-name': connection.tlsServerName }),
          ...(connection.proxyUrl === null ? {} : { 'proxy-url': connection.proxyUrl }),
        },
      },
    ],
    users: [
      {
        name: 'windlass',
        user: {
          ...(token === null ? {} : { token }),
          ...(clientCertificate === null ? {} : { 'client-certificate-data': base64(clientCertificate) }),
          ...(clientKey === null ? {} : { 'client-key-data': base64(clientKey) }),
        },
      },
    ],
  };
}

/** The user's values with every secret opened: for helm, and for nobody else. */
export async function openValues({ context }: ReleaseScope): Promise<Readonly<Record<string, unknown>>> {
  return openChartSecrets(context.cluster.conf, (reference) => context.openSecret(reference));
}

function maskAll(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .sort((left, right) => right.length - left.length)
    .reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}
