import type { ClusterWrapper, CreateClusterInput, Runtime } from '../src/domain/index.ts';
import { checkLinks } from './check-links.ts';
import { storeConf, type NamedSecret } from './conf-secrets.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Hydrator } from './hydrate.ts';

/** A cluster that could be stored: everything checked, nothing stored yet. */
export interface PreparedCluster {
  readonly runtime: Runtime;
  readonly wrapper: ClusterWrapper;
  /** Password values of the conf under the database's key, by secret name (`conf/<key>`). */
  readonly secrets: readonly NamedSecret[];
}

/**
 * Checks a request for a cluster and makes its rows, without storing them: the same for the
 * check before a job and for the job itself.
 *
 * @throws invalid-input with every fault of the conf, links to clusters among them; not-found for
 *   runtime or version.
 */
export async function prepareCluster(
  dependencies: ActivityDependencies,
  hydrator: Hydrator,
  input: CreateClusterInput,
): Promise<PreparedCluster> {
  const { stores, providers } = dependencies;
  const runtime = await stores.runtimes.get(input.runtime);
  const version = await stores.apps.get(input.versionId);
  const content = await hydrator.loadPackage(version.versionId);
  const { given, conf, secrets } = await storeConf(dependencies, {
    content,
    action: 'create',
    clusterId: input.clusterId,
    jobId: input.jobId,
    versionId: version.versionId,
    runtimeId: runtime.runtimeId,
    ...(input.name === undefined ? {} : { name: input.name }),
    conf: input.conf,
    openSecret: (name) => hydrator.openSecret(input.clusterId, name),
  });
  const wrapper = await providers.get(runtime.provider).parseClusterConf({
    content,
    runtime,
    conf,
    clusterId: input.clusterId,
    createdAt: new Date().toISOString(),
    ...(input.name === undefined ? {} : { name: input.name }),
  });
  await checkLinks(stores, { content, conf, wanted: wrapper });
  const name = input.name ?? wrapper.cluster.name;
  return {
    runtime,
    secrets,
    wrapper: {
      ...wrapper,
      cluster: {
        ...wrapper.cluster,
        name: name === '' ? version.appName : name,
        versionId: version.versionId,
        appName: version.appName,
        conf: given,
        previous: null,
        wasActive: false,
      },
    },
  };
}
