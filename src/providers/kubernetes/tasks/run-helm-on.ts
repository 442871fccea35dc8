import { WindlassError } from '../../../domain/index.ts';
import { maskSecrets } from '../../../nodes/index.ts';
import type { EffectCall } from '../../../provider/index.ts';
import type { KubeConnection } from '../api/connection.ts';
import { toHelmError } from '../helm/helm-errors.ts';
import type { WorkloadOverride } from '../../../domain/index.ts';
import { hideFolder } from '../helm/render-chart.ts';
import { runHelm, type HelmProgram } from '../helm/run-helm.ts';
import { withWorkFolder, type WorkFolder } from '../helm/work-folder.ts';
import type { RecordedManifest } from './recorded-manifest.ts';
import { requireRow, type KubernetesWorld, type ReleaseScope } from './release-scope.ts';
import { watchHooks } from './watch-hooks.ts';

/** What helm is run with, besides the verb and the release's name. */
export interface HelmOrder {
  readonly verb: 'install' | 'upgrade' | 'rollback' | 'uninstall';
  /** After the release's name, e.g. the revision of a rollback. */
  readonly args: readonly string[];
  readonly withChart: boolean;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly WorkloadOverride[];
  /** What helm applies in the place of what it renders; its overrides are in it. */
  readonly recorded?: RecordedManifest | null;
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
    const result = await runWatched(scope, call.signal, (signal, onStarted) =>
      call.effect(
        token,
        () => {
          onStarted();
          return runHelm({
            program,
            args,
            env: { ...folder.env, ...discovery },
            cwd: folder.path,
            signal,
            timeoutMs: settings.helmTimeoutMs + 10_000,
          });
        },
        { requests: HELM_REQUESTS },
      ),
    );
    if (result.exitCode > 128) throw helmKilled(order.verb, result.exitCode - 128);
    if (result.exitCode !== 0) {
      throw toHelmError(order.verb, hideFolder(result.stderr, folder.path), (text) =>
        maskSecrets(text, secrets),
      );
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
  run: (signal: AbortSignal, onStarted: () => void) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const given = new AbortController();
  const started = Promise.withResolvers<boolean>();
  let reason: unknown;
  const watch = async (): Promise<void> => {
    if (await started.promise) await watchHooks(scope, ended.signal);
  };
  // Outside of the effect: what is read here takes the budget like any other read.
  const watching = watch().catch((error: unknown) => {
    // A server that does not answer now is helm's matter.
    if (ended.signal.aborted || !isReason(error)) return;
    reason = error;
    given.abort();
  });
  try {
    return await run(AbortSignal.any([signal, given.signal]), () => started.resolve(true));
  } catch (error) {
    throw reason ?? error;
  } finally {
    started.resolve(false);
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
  { values, overrides = [], recorded = null }: HelmOrder,
): Promise<readonly string[]> {
  const passes = overrides.length > 0 || recorded !== null;
  return [
    ...(values === undefined ? [] : ['--values', await folder.writeValues(values)]),
    ...(passes
      ? await folder.writePostRenderer(program, {
          overrides,
          recorded: recorded === null ? null : toStream(recorded, program),
        })
      : []),
  ];
}

/** Helm 3 keeps hooks from its post-renderer. */
function toStream({ manifest, hooks }: RecordedManifest, { major }: HelmProgram): string {
  return major === 3 ? manifest : `${manifest.trimEnd()}\n${hooks}`;
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
