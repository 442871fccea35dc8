import { listEndpoints } from '../../src/app-package/index.ts';
import {
  clusterBusy,
  cutText,
  JOB_ACTIONS,
  MAX_OBSERVATION_CHARACTERS,
  WindlassError,
  type ClusterNode,
  type ClusterWrapper,
} from '../../src/domain/index.ts';
import type { ClusterView, NodeView, Requests } from '../../src/protocol/index.ts';
import { listOwed } from '../../src/plan/index.ts';
import { listOnceActions, type ClusterDetails } from '../../src/provider/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { frontgateByHand } from '../begin-job.ts';
import type { ContextLoader } from '../load-context.ts';
import { planJob } from '../plan-job.ts';
import { prepareChange } from '../prepare-change.ts';
import { prepareCluster } from '../prepare-cluster.ts';
import { routeOf } from '../job-route.ts';
import { openCall } from '../provider-call.ts';
import { refreshCluster } from '../refresh-cluster.ts';
import { toDeclaredView } from './declared-view.ts';

type ClusterRequests = Pick<Requests, 'checkCreateCluster' | 'checkJob' | 'describeCluster' | 'listClusters'>;

export function createClusterRequests(
  dependencies: ActivityDependencies,
  loader: ContextLoader,
): ClusterRequests {
  const { stores, providers } = dependencies;

  async function describeDetails(wrapper: ClusterWrapper): Promise<ClusterDetails> {
    const { runtime, credential } = await loader.loadRuntime(wrapper.cluster.runtimeId);
    const resources = await stores.ledger.list(wrapper.cluster.clusterId, { live: true });
    await loader.registerSecrets(wrapper.cluster.clusterId);
    const provider = providers.get(runtime.provider);
    return provider.describeClusterDetails(
      { cluster: wrapper, resources, runtime, credential },
      openCall(dependencies, provider, runtime),
    );
  }

  /** The cloud's state of a node, as a user may see it. */
  function toShownFacts({ state, facts }: ClusterDetails['nodes'][number]): Readonly<Record<string, string>> {
    const shown = Object.entries({ state, ...facts }).map(([name, value]) => [
      name,
      cutText(dependencies.redactor.redactMessage(value), MAX_OBSERVATION_CHARACTERS),
    ]);
    return Object.fromEntries(shown) as Readonly<Record<string, string>>;
  }

  async function requireNothingLeft(clusterId: string): Promise<void> {
    const [live] = await stores.ledger.list(clusterId, { live: true });
    if (live === undefined) return;
    throw new WindlassError(
      'conflict',
      `cluster ${clusterId} still has ${live.token}, which is ${live.state}`,
      {
        code: 'CLUSTER_NOT_GONE',
        hint: `\`windlass cluster recover ${clusterId}\`, then delete it again`,
      },
    );
  }

  return {
    async checkCreateCluster(input) {
      const { runtime, wrapper } = await prepareCluster(dependencies, loader, input);
      // A plan that the provider refuses is refused here, before any job exists.
      providers.get(runtime.provider).splitJobIntoTasks({
        job: { jobId: input.jobId, clusterId: input.clusterId, action: 'create', options: {} },
        cluster: wrapper,
        runtime,
      });
      return {
        runtimeId: runtime.runtimeId,
        versionId: wrapper.cluster.versionId,
        route: routeOf(runtime),
      };
    },

    async checkJob({ jobId, clusterId, action, options }) {
      const wrapper = await stores.clusters.load(clusterId);
      const { cluster } = wrapper;
      if (cluster.purpose === 'frontgate') throw frontgateByHand(clusterId);
      const busy = (await stores.jobs.listOpen()).find(
        (job) => job.clusterId === clusterId && job.jobId !== jobId,
      );
      if (busy !== undefined) throw clusterBusy(clusterId, busy);
      const rule = JOB_ACTIONS[action];
      if (!rule.from.includes(cluster.status)) {
        throw new WindlassError(
          'conflict',
          `cluster ${clusterId} is ${cluster.status}: it cannot be told to ${action}`,
          {
            code: 'CLUSTER_STATUS',
            hint: `possible from: ${rule.from.join(', ')}`,
          },
        );
      }
      const runtime = await stores.runtimes.get(cluster.runtimeId);
      const prepared = await prepareChange(dependencies, loader, {
        jobId,
        action,
        options,
        cluster: wrapper,
        runtime,
      });
      await planJob(stores, providers.get(runtime.provider), {
        job: { jobId, clusterId, action, options: prepared?.options ?? options },
        cluster: prepared?.wanted ?? wrapper,
        ...(prepared === null ? {} : { before: prepared.before }),
        runtime,
      });
      if (rule.to === 'forgotten') await requireNothingLeft(clusterId);
      // Another cluster may have taken its name since it was deleted.
      else if (rule.from.includes('deleted')) await stores.clusters.requireFreeName(cluster.name, clusterId);
      return {
        runtimeId: runtime.runtimeId,
        versionId: cluster.versionId,
        appName: cluster.appName,
        route: routeOf(runtime),
      };
    },

    async describeCluster({ cluster: name, refresh = false }) {
      const { clusterId } = await stores.clusters.resolve(name);
      if (!refresh) return toClusterView(dependencies, await stores.clusters.load(clusterId));
      await refreshCluster(dependencies, loader, clusterId);
      const wrapper = await stores.clusters.load(clusterId);
      const view = await toClusterView(dependencies, wrapper);
      const details = await describeDetails(wrapper);
      const facts = new Map(details.nodes.map((node) => [node.nodeId, toShownFacts(node)]));
      return {
        ...view,
        nodes: view.nodes.map((node) => ({ ...node, facts: facts.get(node.nodeId) ?? {} })),
      };
    },

    async listClusters(page) {
      const clusters = await stores.clusters.list(page);
      return clusters.map((cluster) => ({
        clusterId: cluster.clusterId,
        purpose: cluster.purpose,
        name: cluster.name,
        app: cluster.appName,
        versionId: cluster.versionId,
        runtime: cluster.runtimeName,
        status: cluster.status,
        transitionStatus: cluster.transitionStatus,
        nodeCount: cluster.nodeCount,
        createdAt: cluster.createdAt,
      }));
    },
  };
}

async function toClusterView(
  dependencies: ActivityDependencies,
  wrapper: ClusterWrapper,
): Promise<ClusterView> {
  const { cluster, nodes, links } = wrapper;
  const runtime = await dependencies.stores.runtimes.get(cluster.runtimeId);
  // A worker without the provider knows what it owes by the common actions alone.
  const own = dependencies.providers.list().find(({ name }) => name === runtime.provider) ?? {};
  return {
    clusterId: cluster.clusterId,
    purpose: cluster.purpose,
    name: cluster.name,
    app: cluster.appName,
    versionId: cluster.versionId,
    runtime: runtime.name,
    status: cluster.status,
    transitionStatus: cluster.transitionStatus,
    createdAt: cluster.createdAt,
    endpoints: listEndpoints(wrapper),
    nodes: nodes.map(toNodeView),
    links: links.map((link) => ({ name: link.name, clusterId: link.targetClusterId })),
    env: cluster.env,
    ...toDeclaredView(wrapper),
    // While a job runs, its remaining work is shown with the job.
    owed:
      cluster.transitionStatus === null && cluster.status !== 'deleted'
        ? listOwed(await dependencies.stores.tasks.listPast(cluster.clusterId, listOnceActions(own))).map(
            ({ action, nodeId, label }) => ({ action, nodeId, label }),
          )
        : [],
  };
}

function toNodeView(node: ClusterNode): NodeView {
  return {
    nodeId: node.nodeId,
    role: node.role,
    serverId: node.serverId,
    groupId: node.groupId,
    status: node.status,
    healthStatus: '',
    instanceId: node.instanceId,
    privateIp: node.privateIp,
    volumes: node.volumes.map(({ volumeId, sizeGiB, device, mountPoint }) => ({
      volumeId,
      sizeGiB,
      device,
      mountPoint,
    })),
  };
}
