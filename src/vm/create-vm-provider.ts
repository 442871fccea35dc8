import { parseClusterConf } from '../app-package/index.ts';
import { type NodeAccessWay, type ProviderSettings } from '../domain/index.ts';
import type { NodeShell } from '../nodes/index.ts';
import {
  PROVIDER_CONTRACT_VERSION,
  type Features,
  type Provider,
  type ProviderHandler,
} from '../provider/index.ts';
import { createTaskTable } from './task-table.ts';
import { planVmJob } from './plan-vm-job.ts';
import { vmCapabilities } from './vm-actions.ts';

/** The functions of a Provider that only the cloud itself can answer. */
export type VmEnvironment = Pick<
  Provider,
  | 'describeSubnets'
  | 'describeVpc'
  | 'checkResource'
  | 'validateCredential'
  | 'describeRuntimeProviderZones'
  | 'updateClusterStatus'
  | 'describeClusterDetails'
>;

export interface VmProviderOptions {
  readonly name: string;
  /** The features of the cloud; the actions that it supports follow from them (vmCapabilities). */
  readonly features: Features;
  /** The default budget of calls; see Provider. */
  readonly callsPerSecond?: number;
  /** See Provider. */
  readonly settings?: ProviderSettings;
  /** The ten pairs. */
  readonly handler: ProviderHandler;
  readonly environment: VmEnvironment;
  /** How nodes are reached; the caller closes it. */
  readonly nodes: NodeShell;
  /** Whether nodes are reached directly or through a frontgate, if the settings of a runtime decide it. */
  readonly nodeAccess?: Required<Provider>['nodeAccess'];
}

/**
 * Builds a whole Provider for a cloud of virtual machines: the frame parses packages and plans jobs, cloud
 * tasks go to the handler, node tasks over the shell. All rules of the Provider contract hold for the
 * frame's own tasks too: a change on a node is claimed on that node or is idempotent, and is fenced by the
 * lease of the node's instance.
 */
export function createVmProvider(options: VmProviderOptions): Provider {
  const { name, features, handler, environment, nodes } = options;
  const capabilities = vmCapabilities(features);
  const nodeAccess = options.nodeAccess ?? ((): NodeAccessWay => features.nodeAccess);
  const tasks = createTaskTable({ handler, nodes, nodeAccess });
  return {
    contractVersion: PROVIDER_CONTRACT_VERSION,
    name,
    capabilities,
    ...(options.callsPerSecond === undefined ? {} : { callsPerSecond: options.callsPerSecond }),
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    nodeAccess,
    parseClusterConf: async (request) => parseClusterConf(request),
    splitJobIntoTasks: (request) =>
      planVmJob(request, { ...capabilities, nodeAccess: nodeAccess(request.runtime) }),
    handleSubtask: async (context, call) => tasks.get(context.task.action).handle(context, call),
    waitSubtask: async (context, call) => tasks.get(context.task.action).wait(context, call),
    describeSubnets: (request, call) => environment.describeSubnets(request, call),
    describeVpc: (request, call) => environment.describeVpc(request, call),
    checkResource: (request, call) => environment.checkResource(request, call),
    validateCredential: (request, call) => environment.validateCredential(request, call),
    describeRuntimeProviderZones: (request, call) => environment.describeRuntimeProviderZones(request, call),
    updateClusterStatus: (request, call) => environment.updateClusterStatus(request, call),
    describeClusterDetails: (request, call) => environment.describeClusterDetails(request, call),
  };
}
