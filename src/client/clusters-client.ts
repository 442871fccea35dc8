import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { isChartReference, isPackagePath, readGivenName, type Form } from '../app-package/index.ts';
import { isChartForm, type ChartForm } from '../chart-package/index.ts';
import {
  checkName,
  checkConfSize,
  WindlassError,
  type ErrorKind,
  type JobAction,
  type JobOptions,
} from '../domain/index.ts';
import type { ClusterView, CreateClusterInput, Requests } from '../protocol/index.ts';
import { registerPackage } from './apps-client.ts';
import { prepareConf } from './cluster-conf.ts';
import { toPage } from './page.ts';
import { clusterIdOf, jobIdOf } from './request-ids.ts';
import { findStartedJob, startJob } from './start-job.ts';
import type { ServerAddress } from './to-windlass-error.ts';
import type {
  AppDescription,
  AppsClient,
  ChartSource,
  ClustersClient,
  CreateClusterRequest,
  JobRequestOptions,
  StartedJob,
  UpgradeRequest,
} from './windlass-client.ts';

/** What the clients of clusters need. */
export interface ClustersContext {
  readonly client: Client;
  readonly requests: Requests;
  readonly server: ServerAddress;
  readonly apps: AppsClient;
  /** The requesting user. */
  readonly identity: string;
}

/** Clusters: reads, and one job for each change. */
export function createClustersClient(context: ClustersContext): ClustersClient {
  const { requests } = context;
  return {
    create: (request) => createCluster(context, request),
    list: (options) =>
      requests.listClusters({
        ...toPage(options),
        ...(options?.includeDeleted === undefined ? {} : { includeDeleted: options.includeDeleted }),
        ...(options?.includeFrontgates === undefined ? {} : { includeFrontgates: options.includeFrontgates }),
      }),
    describe: (cluster, options) =>
      requests.describeCluster({
        cluster,
        ...(options?.refresh === undefined ? {} : { refresh: options.refresh }),
      }),
    metadata: (cluster, options) => requests.readMetadata({ cluster, ...options }),
    stop: (cluster, options) => changeCluster(context, 'stop', cluster, {}, options),
    start: (cluster, options) => changeCluster(context, 'start', cluster, {}, options),
    delete: (cluster, options) =>
      changeCluster(context, 'delete', cluster, options?.force === true ? { force: true } : {}, options),
    upgrade: (cluster, request) => upgradeCluster(context, cluster, request),
    rollback: (cluster, options) => changeCluster(context, 'rollback', cluster, {}, options),
    updateEnv: async (cluster, request) => {
      checkConfSize(request.conf);
      return changeCluster(
        context,
        'update-env',
        cluster,
        async ({ clusterId, versionId }, jobId) => {
          const { form } = await context.apps.describe(versionId);
          const carrier = { action: 'update-env' as const, clusterId, jobId, versionId };
          return { conf: await prepareConf(requests, form as Form | ChartForm | null, carrier, request) };
        },
        request,
      );
    },
    addNodes: (cluster, { requestId, role = '', count }) =>
      changeCluster(context, 'add-nodes', cluster, { role, count }, toRequest(requestId)),
    deleteNodes: (cluster, { requestId, ...which }) =>
      changeCluster(
        context,
        'delete-nodes',
        cluster,
        'nodeIds' in which ? which : { role: which.role ?? '', count: which.count },
        toRequest(requestId),
      ),
    resize: (cluster, { requestId, sizes }) =>
      changeCluster(context, 'resize', cluster, { sizes }, toRequest(requestId)),
    restart: (cluster, { requestId, ...which } = {}) =>
      changeCluster(context, 'restart', cluster, which, toRequest(requestId)),
    recover: (cluster, options) => changeCluster(context, 'recover', cluster, {}, options),
    cease: (cluster, options) => changeCluster(context, 'cease', cluster, {}, options),
    run: (cluster, action, options) => changeCluster(context, action, cluster, {}, options),
  };
}

function toRequest(requestId: string | undefined): JobRequestOptions {
  return requestId === undefined ? {} : { requestId };
}

async function createCluster(context: ClustersContext, request: CreateClusterRequest): Promise<StartedJob> {
  const { requests } = context;
  if (request.name !== undefined) checkName('cluster', request.name);
  // Before a package is sent to the workers for it.
  checkConfSize(request.conf);
  const requestId = request.requestId ?? randomUUID();
  const ids = { clusterId: clusterIdOf(requestId), jobId: jobIdOf(requestId) };
  // A request id that we generated was never used before.
  const known =
    request.requestId === undefined
      ? null
      : await findStartedJob(requests, { jobId: ids.jobId, action: 'create', cluster: ids.clusterId });
  if (known !== null) return known;

  return withPackage(context, request, (app) => createClusterOf(context, request, ids, app));
}

async function createClusterOf(
  context: ClustersContext,
  request: CreateClusterRequest,
  ids: Pick<CreateClusterInput, 'clusterId' | 'jobId'>,
  app: AppDescription,
): Promise<StartedJob> {
  const { requests, identity } = context;
  // By its id, so that the runtime for which the conf was sealed cannot be replaced by another one of the
  // same name.
  const { runtimeId } = await requests.describeRuntime({ runtime: request.runtime });
  const { versionId } = app;
  const named = { ...ids, versionId, ...(request.name === undefined ? {} : { name: request.name }) };
  const carrier = { action: 'create' as const, ...named, runtimeId };
  const conf = await prepareConf(requests, app.form as Form | ChartForm | null, carrier, request);
  const create: CreateClusterInput = { ...named, runtime: runtimeId, conf };
  const nameInConf = isChartForm(app.form) ? null : readGivenName(conf);
  if (nameInConf !== null) checkName('cluster', nameInConf, 'cluster.name');
  const { route } = await requests.checkCreateCluster(create);
  const { provider, fairnessKey } = route;
  const input = { ...ids, action: 'create' as const, options: {}, requestedBy: identity, provider, create };
  const clusterName = request.name ?? app.appName;
  return startJob(context, input, { runtimeId, appName: app.appName, clusterName, fairnessKey });
}

async function upgradeCluster(
  context: ClustersContext,
  cluster: string,
  request: UpgradeRequest,
): Promise<StartedJob> {
  checkConfSize(request.conf);
  const { requests } = context;
  // For a request that was accepted before, nothing is sent again.
  const known =
    request.requestId === undefined
      ? null
      : await findStartedJob(requests, { jobId: jobIdOf(request.requestId), action: 'upgrade', cluster });
  if (known !== null) return known;
  return withPackage(context, request, ({ versionId, form }) => {
    const prepare = async ({ clusterId }: ClusterView, jobId: string): Promise<JobOptions> => {
      const carrier = { action: 'upgrade' as const, clusterId, jobId, versionId };
      const conf = await prepareConf(requests, form as Form | ChartForm | null, carrier, request);
      return { versionId, ...(Object.keys(conf).length === 0 ? {} : { conf }) };
    };
    return changeCluster(context, 'upgrade', cluster, prepare, request);
  });
}

async function changeCluster(
  context: ClustersContext,
  action: JobAction,
  cluster: string,
  given: JobOptions | ((cluster: ClusterView, jobId: string) => Promise<JobOptions>),
  request: JobRequestOptions = {},
): Promise<StartedJob> {
  const { requests, identity } = context;
  const jobId = jobIdOf(request.requestId ?? randomUUID());
  // Before the cluster is looked up: a repeated delete finds its job although the name is gone.
  const known =
    request.requestId === undefined ? null : await findStartedJob(requests, { jobId, action, cluster });
  if (known !== null) return known;
  const found = await requests.describeCluster({ cluster });
  const { clusterId, name } = found;
  const options = typeof given === 'function' ? await given(found, jobId) : given;
  const wanted = { jobId, clusterId, action };
  try {
    const { runtimeId, appName, route } = await requests.checkJob({ ...wanted, options });
    const { provider, fairnessKey } = route;
    const input = { ...wanted, options, requestedBy: identity, provider };
    return await startJob(context, input, { runtimeId, appName, clusterName: name, fairnessKey });
  } catch (error) {
    // The same request was sent twice at the same time: the other one was faster, and this is its job.
    if (!WindlassError.isInstance(error) || error.kind !== 'conflict') throw error;
    const other = await findStartedJob(requests, { jobId, action, cluster: clusterId });
    if (other === null) throw error;
    return other;
  }
}

/** What a request names as its app. */
interface AppRequest {
  readonly app: string;
  readonly source?: ChartSource;
}

/**
 * Does something with the app of a request. A folder, or a chart that is fetched, is sent to the workers;
 * the form of the argument shows whether it is one. It is registered by the job that is opened with it: a
 * refused request leaves nothing behind.
 */
async function withPackage<Result>(
  { apps, requests }: ClustersContext,
  { app, source = {} }: AppRequest,
  use: (app: AppDescription) => Promise<Result>,
): Promise<Result> {
  const isBrought = isPackagePath(app) || isChartReference(app) || Object.keys(source).length > 0;
  if (!isBrought) return use(await describeApp(apps, app));
  const claim = randomUUID();
  try {
    const { versionId } = await registerPackage(requests, app, source, { claim });
    return await use(await apps.describe(versionId));
  } catch (error) {
    // If it is not known whether the job has begun, the claim expires by itself.
    const refused = WindlassError.isInstance(error) && REFUSALS.has(error.kind);
    if (refused) await requests.releaseApp({ claim }).catch(() => {});
    throw error;
  }
}

const REFUSALS: ReadonlySet<ErrorKind> = new Set([
  'invalid-input',
  'not-found',
  'conflict',
  'permission',
  'quota',
  'capacity',
]);

async function describeApp(apps: AppsClient, app: string): Promise<AppDescription> {
  try {
    return await apps.describe(app);
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.kind !== 'not-found' || !existsSync(app)) throw error;
    throw new WindlassError('not-found', error.message, {
      code: error.code,
      hint: `there is a folder of this name: to use it as the package, write ./${app}`,
      field: 'app',
    });
  }
}
