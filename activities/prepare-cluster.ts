import { Context } from '@temporalio/activity';
import { readGivenName } from '../src/app-package/index.ts';
import { isChart } from '../src/chart-package/index.ts';
import {
  checkName,
  chooseFreeName,
  toClusterName,
  type ClusterWrapper,
  type Runtime,
} from '../src/domain/index.ts';
import type { CreateClusterInput } from '../src/protocol/index.ts';
import type { Provider } from '../src/provider/index.ts';
import { checkLinks } from './check-links.ts';
import { storeConf, type NamedSecret } from './conf-secrets.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ContextLoader } from './load-context.ts';
import { newCluster } from '../src/wanted/index.ts';

/** A cluster that is ready to be stored: everything checked, nothing stored yet. */
export interface PreparedCluster {
  readonly runtime: Runtime;
  readonly wrapper: ClusterWrapper;
  /** Whether the user gave the name, so that no other may be chosen. */
  readonly named: boolean;
  /** Password values of the conf encrypted under the database's key, by secret name (`conf/<key>`). */
  readonly secrets: readonly NamedSecret[];
}

/**
 * Checks a request for a cluster and builds its rows, without storing them: the same for the check before
 * a job and for the job itself.
 *
 * @throws invalid-input with every fault of the conf, including links to clusters, `CLUSTER_NAME`;
 * not-found for runtime or version; conflict `CLUSTER_NAME_TAKEN` for a given name.
 */
export async function prepareCluster(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
  input: CreateClusterInput,
): Promise<PreparedCluster> {
  const { stores, providers } = dependencies;
  if (input.name !== undefined) checkName('cluster', input.name);
  const runtime = await stores.runtimes.get(input.runtime);
  const version = await stores.apps.get(input.versionId);
  const content = await loader.loadPackage(version.versionId);
  const inConf = isChart(content.files) ? null : readGivenName(input.conf);
  if (inConf !== null) checkName('cluster', inConf, 'cluster.name');
  const { given, conf, secrets } = await storeConf(dependencies, {
    content,
    action: 'create',
    clusterId: input.clusterId,
    jobId: input.jobId,
    versionId: version.versionId,
    runtimeId: runtime.runtimeId,
    ...(input.name === undefined ? {} : { name: input.name }),
    conf: input.conf,
    openSecret: (name) => loader.openSecret(input.clusterId, name),
  });
  const parse = (name?: string): ReturnType<Provider['parseClusterConf']> =>
    providers.get(runtime.provider).parseClusterConf({
      content,
      runtime,
      conf,
      clusterId: input.clusterId,
      signal: Context.current().cancellationSignal,
      ...(name === undefined ? {} : { name }),
    });
  const parsed = await parse(input.name);
  await checkLinks(stores, { content, conf, runtimeId: runtime.runtimeId, links: parsed.links });
  const asked = input.name ?? inConf;
  if (asked !== null) await stores.clusters.requireFreeName(asked, input.clusterId);
  const name = asked ?? (await chooseName(parsed.place.name || version.appName, input.clusterId));
  // A provider may use the name in its specs, as helm does for a release's name.
  const wanted = asked === null && name !== parsed.place.name ? await parse(name) : parsed;
  return {
    runtime,
    secrets,
    named: asked !== null,
    wrapper: newCluster(wanted, {
      clusterId: input.clusterId,
      runtimeId: runtime.runtimeId,
      name,
      versionId: version.versionId,
      appName: version.appName,
      conf: given,
      createdAt: new Date().toISOString(),
    }),
  };

  async function chooseName(suggested: string, clusterId: string): Promise<string> {
    const name = toClusterName(suggested);
    return chooseFreeName(name, await stores.clusters.listNamesLike(name, clusterId));
  }
}
