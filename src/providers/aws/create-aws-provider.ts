import type { NodeShell } from '../../nodes/index.ts';
import type { Features, Provider, ProviderHandler } from '../../provider/index.ts';
import { nodeAccessOf } from '../../provider-utils/index.ts';
import { createVmProvider, type VmEnvironment } from '../../vm/index.ts';
import { createCloudOpener, type OpenCloud } from './cloud/open-cloud.ts';
import { ALLOW_NOTHING, type AwsCredentialPolicy } from './credential.ts';
import { checkResource } from './environment/check-resource.ts';
import { describeClusterDetails, updateClusterStatus } from './environment/cluster-state.ts';
import { validateCredential } from './environment/credential-check.ts';
import { describeSubnets, describeVpc } from './environment/network.ts';
import { describeZones } from './environment/zones.ts';
import { createInstancePairs } from './handler/instance-pairs.ts';
import { DEFAULT_TIMING, type Timing } from './handler/timing.ts';
import { createVolumePairs } from './handler/volume-pairs.ts';
import { createRuntimeFinder } from './aws-runtime.ts';
import { AWS_SETTINGS } from './settings.ts';

/** What EC2 supports beyond the contract's minimum. */
export const AWS_FEATURES: Features = { nodeAccess: 'direct', volumes: true, gpu: true, privateIps: true };

/**
 * Below the rate that EC2 allows for an account and region together, reads and changes. Users who share
 * the account with others, or have a higher limit, change it with the runtime's setting.
 */
const CALLS_PER_SECOND = 50;

export interface AwsProviderOptions {
  /** How nodes are reached; the caller closes it. */
  readonly nodes: NodeShell;
  /** How often AWS is polled; the intervals that AWS itself needs by default. */
  readonly timing?: Partial<Timing>;
  /** What a credential may use of the worker; nothing if absent. */
  readonly credentials?: AwsCredentialPolicy;
  /** Hosts that a runtime's url may name with plain http, besides this machine; none if absent. */
  readonly plainHttpHosts?: readonly string[];
  /** Replaces AWS's own endpoints. */
  readonly endpoint?: string;
}

/**
 * The provider `aws`. Its only state is connections, a cache of what rarely changes in AWS, and reads that
 * are in flight; the SDK is loaded at the first request.
 */
export function createAwsProvider(options: AwsProviderOptions): Provider {
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const { credentials = ALLOW_NOTHING, plainHttpHosts = [], endpoint } = options;
  const openCloud = createCloudOpener({
    pollMs: timing.pollMs,
    credentials,
    plainHttpHosts,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return createVmProvider({
    name: 'aws',
    features: AWS_FEATURES,
    handler: createAwsHandler(openCloud, timing),
    environment: createAwsEnvironment(openCloud),
    nodes: options.nodes,
    callsPerSecond: CALLS_PER_SECOND,
    settings: AWS_SETTINGS,
    nodeAccess: nodeAccessOf,
  });
}

function createAwsHandler(openCloud: OpenCloud, timing: Timing): ProviderHandler {
  const findRuntime = createRuntimeFinder(openCloud);
  return { ...createInstancePairs(findRuntime, timing), ...createVolumePairs(findRuntime, timing) };
}

function createAwsEnvironment(openCloud: OpenCloud): VmEnvironment {
  const findRuntime = createRuntimeFinder(openCloud);
  return {
    describeSubnets: (request, call) => describeSubnets(findRuntime, request, call),
    describeVpc: (request, call) => describeVpc(findRuntime, request, call),
    checkResource: (request, call) => checkResource(findRuntime, request, call),
    validateCredential: (request, call) => validateCredential(findRuntime, request, call),
    describeRuntimeProviderZones: (request, call) => describeZones(openCloud, request, call),
    updateClusterStatus: (request, call) => updateClusterStatus(findRuntime, request, call),
    describeClusterDetails: (request, call) => describeClusterDetails(findRuntime, request, call),
  };
}
