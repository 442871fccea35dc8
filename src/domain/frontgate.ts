/**
 * What a cluster needs of the frontgate of its VPC. `needed`: its nodes are reached through it. `kept`: it
 * is stopped but may start again, so the frontgate is stopped and not deleted.
 */
export type FrontgateUse = 'needed' | 'kept';

export interface FrontgateMember {
  readonly clusterId: string;
  readonly use: FrontgateUse;
}

/** The runtime and VPC of a frontgate: there is one for each. */
export interface FrontgateKey {
  readonly runtimeId: string;
  readonly vpcId: string;
}

/** Used instead of the version id of the built-in package that a frontgate runs: it is in no store. */
export const FRONTGATE_VERSION = 'frontgate';

/** How nodes of a runtime are reached. */
export type NodeAccessWay = 'direct' | 'frontgate';

/** Code of the refusal to stop or delete a frontgate that a cluster needs. */
export const FRONTGATE_NEEDED = 'FRONTGATE_NEEDED';
