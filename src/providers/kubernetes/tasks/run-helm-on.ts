import { WindlassError } from '../../../domain/index.ts';
import { maskSecrets } from '../../../nodes/index.ts';
import type { EffectCall } from '../../../provider/index.ts';
import type { KubeConnection } from '../api/connection.ts';
import { toHelmError } from '../helm/helm-errors.ts';
import { hideFolder } from '../helm/render-chart.ts';
import { runHelm, type HelmProgram } from '../helm/run-helm.ts';
import { withWorkFolder, type WorkFolder } from '../helm/work-folder.ts';
import type { RecordedManifest } from './recorded-manifest.ts';
import { requireRow, type KubernetesDependencies, type ReleaseScope } from './release-scope.ts';
import { watchHooks } from './watch-hooks.ts';
import type { WorkloadOverride } from '../release-tasks.ts';

/** Helm's arguments besides the verb and the release's name. */
export interface HelmOrder {
  readonly verb: 'install' | 'upgrade' | 'rollback' | 'uninstall';
  /** After the release's name, e.g. the revision of a rollback. */
  readonly args: readonly string[];
  readonly withChart: boolean;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly WorkloadOverride[];
  /** The manifest that helm applies instead of rendering; its overrides are included. */
  readonly recorded?: RecordedManifest | null;
}

/** About how many requests helm sends to the server for one change. */
const HELM_REQUESTS = 20;

/**
 * Runs helm on the release if the fence allows it: the lease is checked last, right before helm starts.
 *
 * @throws helm's failures, as errors of the closed list; conflict `LEASE_LOST`.
 */
export async function runHelmOn(
  dependencies: KubernetesDependencies,
  scope: ReleaseScope,
  call: EffectCall,
  order: HelmOrder,
): Promise<void> {
  const { directive, context, settings, connection } = scope;
  const { token } = requireRow(scope);
  const program = await dependencies.findHelm();
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
    const discovery = await dependencies.discoveryCache.environment(connection);
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

/** It is not known how far it came: the next attempt checks, and repairs it. */
function helmKilled(verb: string, signal: number): WindlassError {
  return new WindlassError('unavailable', `helm ${verb} was killed by signal ${signal}`, {
    code: 'HELM_KILLED',
    hint: 'the machine may be short of memory; the next attempt checks how far it came',
  });
}

/** Stops helm when one of its hooks will never end, and reports why that hook is stuck. */
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
  // Outside of the effect: these reads take the request budget like any other read.
  const watching = watch().catch((error: unknown) => {
    // If the server does not answer now, helm itself reports it.
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

/** Helm 3 does not pass hooks to its post-renderer. */
function toStream({ manifest, hooks }: RecordedManifest, { major }: HelmProgram): string {
  return major === 3 ? manifest : `${manifest.trimEnd()}\n${hooks}`;
}

/**
 * Contains only the credential that identifies this worker now: helm runs no plugin and knows no other
 * server.
 */
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
