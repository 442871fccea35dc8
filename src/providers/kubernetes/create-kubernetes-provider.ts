import type { TaskAction } from '../../domain/index.ts';
import { PROVIDER_CONTRACT_VERSION, type Capabilities, type Provider } from '../../provider/index.ts';
import { endWithinMoment } from '../../provider-utils/index.ts';
import { createConnector, type Connect } from './api/connection.ts';
import { ALLOW_NOTHING, type CredentialPolicy } from './api/credential.ts';
import { checkResource } from './checks/check-resource.ts';
import { createEnvironment } from './environment.ts';
import { createDiscoveryCache } from './helm/discovery-cache.ts';
import type { FindHelm } from './helm/run-helm.ts';
import { parseChartConf } from './parse-chart-conf.ts';
import { CHART_ACTIONS, planChartJob } from './plan-chart-job.ts';
import { RELEASE_TASKS } from './release-tasks.ts';
import { KUBERNETES_SETTINGS } from './settings.ts';
import { describeClusterDetails, updateClusterStatus } from './status.ts';
import type { KubernetesDependencies } from './tasks/release-scope.ts';
import { findTask } from './tasks/task-table.ts';

/**
 * Tasks whose effect is mostly there when the handle has started it. What makes pods is not among them: a pod
 * that crashes may be ready for a moment first.
 */
const TAKES_AWAY: ReadonlySet<TaskAction> = new Set(['UninstallRelease', 'PurgeRelease', 'StopWorkloads']);
/** Between the polls of a handle, in milliseconds: each asks for every object of the release. */
const POLL_PAUSE_MS = 200;

/** What Helm charts on Kubernetes can do. */
export const KUBERNETES_CAPABILITIES: Capabilities = {
  actions: CHART_ACTIONS,
  // Commands cannot run inside pods: Kubernetes manages what is in them.
  nodeAccess: 'direct',
  volumes: true,
};

export interface KubernetesProviderOptions {
  readonly findHelm: FindHelm;
  /** Where helm may cache the servers' API discovery between runs. */
  readonly cacheFolder?: string;
  /** What a credential may use of the worker; nothing if absent. */
  readonly credentials?: CredentialPolicy;
  /** Replaces the function that connects to API servers. */
  readonly connect?: Connect;
}

/**
 * The provider `kubernetes`: a cluster is the release of a Helm chart. It plans its own layers and holds
 * no state: all state is in the API server, and in helm's records there.
 */
export function createKubernetesProvider(options: KubernetesProviderOptions): Provider {
  const dependencies: KubernetesDependencies = {
    connect: options.connect ?? createConnector(options.credentials ?? ALLOW_NOTHING),
    findHelm: options.findHelm,
    discoveryCache: createDiscoveryCache(options.cacheFolder ?? null),
  };
  return {
    contractVersion: PROVIDER_CONTRACT_VERSION,
    name: 'kubernetes',
    capabilities: KUBERNETES_CAPABILITIES,
    settings: KUBERNETES_SETTINGS,
    tasks: RELEASE_TASKS,
    parseClusterConf: (request) => parseChartConf(request, options.findHelm),
    splitJobIntoTasks: planChartJob,
    handleSubtask: async (context, call) => {
      const { handle, wait } = findTask(context.task.action);
      if (!TAKES_AWAY.has(context.task.action)) return handle(dependencies, context, call);
      return endWithinMoment(
        call,
        () => handle(dependencies, context, call),
        (observeCall) => wait(dependencies, context, observeCall),
        POLL_PAUSE_MS,
      );
    },
    waitSubtask: async (context, call) => findTask(context.task.action).wait(dependencies, context, call),
    ...createEnvironment(dependencies),
    checkResource: (request, call) => checkResource(dependencies, request, call),
    updateClusterStatus: (request, call) => updateClusterStatus(dependencies, request, call),
    describeClusterDetails: (request, call) => describeClusterDetails(dependencies, request, call),
  };
}
