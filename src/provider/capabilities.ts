import type { JobAction } from '../domain/actions.ts';
import type { NodeAccessWay } from '../domain/frontgate.ts';

/** What a cloud has beyond the contract's minimum; what is absent it lacks. */
export interface Features {
  /**
   * `direct`: a worker reaches the nodes. `frontgate`: through a jump host in the VPC. If it depends on
   * the settings of a runtime, this is the default, and `Provider.nodeAccess` decides.
   */
  readonly nodeAccess: NodeAccessWay;
  /** Volumes of their own, which outlive an instance. */
  readonly volumes?: boolean;
  readonly gpu?: boolean;
  readonly reservedIps?: boolean;
  /** Nodes whose addresses the conf chooses (`private_ips` of a role). */
  readonly privateIps?: boolean;
  readonly loadbalancer?: boolean;
  readonly associateEip?: boolean;
  readonly changeSubnet?: boolean;
  /** `backup_policy: device` */
  readonly volumeSnapshots?: boolean;
}

/**
 * What a provider can do (R10): what is absent is refused when a job is planned, before any effect.
 * Users read it, and the conformance suite tests it.
 */
export interface Capabilities extends Features {
  /** For a VM cloud the frame derives them from what it has layers for (`vmCapabilities` of windlass/vm). */
  readonly actions: readonly JobAction[];
}
