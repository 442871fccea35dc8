import { Context } from '@temporalio/activity';
import { isChart } from '../src/chart-package/index.ts';
import type { WantedChange } from '../src/db/index.ts';
import {
  JOB_ACTIONS,
  WindlassError,
  type AppVersion,
  type ClusterWrapper,
  type Conf,
  type JobAction,
  type JobOptions,
  type PreviousVersion,
  type Runtime,
} from '../src/domain/index.ts';
import { checkJobOptions } from '../src/plan/index.ts';
import type { Provider } from '../src/provider/index.ts';
import { describeChartChange } from './chart-conf.ts';
import { checkLinks } from './check-links.ts';
import { storeConf, type NamedSecret } from './conf-secrets.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ContextLoader } from './load-context.ts';
import { adjustRoles, joinLeaving, mergeWanted } from '../src/wanted/index.ts';

/** A job's change of its cluster's desired state; nothing of it is stored yet. */
export interface PreparedChange {
  readonly before: ClusterWrapper;
  readonly wanted: ClusterWrapper;
  readonly change: WantedChange;
  /** In their stored form: without sealed values. */
  readonly options: JobOptions;
  readonly secrets: readonly NamedSecret[];
}

/** What a job shall do with a stored cluster. */
export interface ChangeRequest {
  readonly jobId: string;
  readonly action: JobAction;
  /** Passwords in its conf are sealed. */
  readonly options: JobOptions;
  readonly cluster: ClusterWrapper;
  readonly runtime: Runtime;
}

/**
 * Checks a job's request and computes the desired cluster, without storing it: the same for the check
 * before a job and for the job itself. Null for an action that does not change the desired state.
 *
 * @throws invalid-input `JOB_OPTIONS`, `ACTION_NOT_SUPPORTED`, `CONF_INVALID`, `UPGRADE_OTHER_APP`;
 * conflict `NOTHING_TO_ROLL_BACK`; not-found `APP_NOT_FOUND`; the provider's refusals.
 */
export async function prepareChange(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  request: ChangeRequest,
): Promise<PreparedChange | null> {
  const { action, options, cluster: before, jobId, runtime } = request;
  const provider = dependencies.providers.get(runtime.provider);
  requireAction(provider, action);
  checkJobOptions(action, options, before);
  if (JOB_ACTIONS[action].spec !== 'changed') return null;

  const target = await findTarget(dependencies, request);
  const content = await loader.loadPackage(target.version.versionId);
  const { given, conf, secrets } = await storeConf(dependencies, {
    content,
    action,
    clusterId: before.cluster.clusterId,
    jobId,
    versionId: target.version.versionId,
    conf: options.conf ?? {},
    over: target.conf,
    openSecret: (name) => loader.openSecret(before.cluster.clusterId, name),
  });
  const stored: JobOptions =
    options.conf === undefined
      ? options
      : {
          ...options,
          conf: isChart(content.files) ? describeChartChange(given) : pickGiven(given, options.conf),
        };
  const adjustments = adjustRoles(before, request);
  const parsed = await provider.parseClusterConf({
    content,
    runtime,
    conf,
    clusterId: before.cluster.clusterId,
    change: { action, options: stored, cluster: before },
    signal: Context.current().cancellationSignal,
  });
  const { runtimeId } = before.cluster;
  await checkLinks(dependencies.stores, {
    content,
    conf,
    runtimeId,
    links: parsed.links,
    known: before.links,
  });
  const wanted = mergeWanted(before, parsed, {
    versionId: target.version.versionId,
    conf: given,
    previous: target.previous,
    adjustments,
  });
  const { joined, leaving } = joinLeaving(before, wanted);
  return { before, wanted, change: { before, joined, leaving }, options: stored, secrets };
}

interface Target {
  readonly version: AppVersion;
  readonly conf: Conf;
  readonly previous: PreviousVersion | null;
}

async function findTarget(
  { stores }: ActivityDependencies,
  { action, options, cluster: { cluster } }: ChangeRequest,
): Promise<Target> {
  const { conf, previous } = cluster;
  if (action === 'rollback') {
    if (previous === null) throw nothingToRollBack(cluster.clusterId);
    return { version: await stores.apps.get(previous.versionId), conf: previous.conf, previous: null };
  }
  if (action !== 'upgrade') return { version: await stores.apps.get(cluster.versionId), conf, previous };
  const version = await stores.apps.get(options.versionId ?? '');
  if (version.appName !== cluster.appName) throw otherApp(cluster.appName, version);
  // An upgrade that is repeated after a failure still goes back to the version before the first attempt.
  const again = version.versionId === cluster.versionId && previous !== null;
  return { version, conf, previous: again ? previous : { versionId: cluster.versionId, conf } };
}

/** Checks only the action itself; what it needs of this cluster is checked when it is planned. */
function requireAction({ name, capabilities }: Provider, action: JobAction): void {
  if (JOB_ACTIONS[action].by === 'engine' || capabilities.actions.includes(action)) return;
  throw new WindlassError('invalid-input', `${name} clusters do not support ${action}`, {
    code: 'ACTION_NOT_SUPPORTED',
    hint: `the supported actions are: ${capabilities.actions.join(', ')}`,
    field: 'action',
  });
}

/** The change in its stored form: the same keys, with references instead of sealed values. */
function pickGiven(given: Conf, change: Conf): Conf {
  const entries = Object.entries(change).map(([key, value]) => {
    const stored: unknown = Object.hasOwn(given, key) ? given[key] : null;
    return [key, isPlainGroup(value) && isPlainGroup(stored) ? pickGiven(stored, value) : stored];
  });
  return Object.fromEntries(entries) as Conf;
}

function isPlainGroup(value: unknown): value is Conf {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('$sealed' in value);
}

function nothingToRollBack(clusterId: string): WindlassError {
  return new WindlassError(
    'conflict',
    `cluster ${clusterId} was not upgraded: there is no version to go back to`,
    {
      code: 'NOTHING_TO_ROLL_BACK',
      hint: 'a rollback undoes the last upgrade, once; upgrade to the version that you want',
    },
  );
}

function otherApp(appName: string, version: AppVersion): WindlassError {
  return new WindlassError(
    'invalid-input',
    `the cluster runs ${appName}; ${version.versionId} is a version of ${version.appName}`,
    {
      code: 'UPGRADE_OTHER_APP',
      field: 'versionId',
      hint: `\`windlass app list\` shows the versions of ${appName}`,
    },
  );
}
