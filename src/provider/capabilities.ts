import type { JobAction } from '../domain/actions.ts';
import type { NodeAccessWay } from '../domain/frontgate.ts';

/**
 * What a provider can do beyond the contract's minimum. What is absent here is refused when a job
 * is planned, before any effect (R10). Users read it; the conformance suite obeys it.
 */
export interface Capabilities {
  readonly actions: readonly JobAction[];
  /**
   * `direct`: a worker reaches the nodes. `frontgate`: through a jump host in the VPC. Where it
   * depends on the settings of a runtime, this is the default, and `Provider.nodeAccess` decides.
   */
  readonly nodeAccess: NodeAccessWay;
  /** Volumes of their own, which outlive an instance. */
  readonly volumes: boolean;
  readonly gpu: boolean;
  readonly reservedIps: boolean;
  /** Nodes whose addresses the conf chooses (`private_ips` of a role); absent: no. */
  readonly privateIps?: boolean;
  readonly loadbalancer: boolean;
  readonly associateEip: boolean;
  readonly changeSubnet: boolean;
  /** `backup_policy: device` */
  readonly volumeSnapshots: boolean;
}
