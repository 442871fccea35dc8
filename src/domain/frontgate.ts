/**
 * What a cluster needs of the frontgate of its VPC. `needed`: its nodes are reached through it.
 * `kept`: it is stopped and may start again, so the frontgate is stopped and not deleted.
 */
export type FrontgateUse = 'needed' | 'kept';

export interface FrontgateMember {
  readonly clusterId: string;
  readonly use: FrontgateUse;
}

/** Where a frontgate leads: there is one for each runtime and VPC. */
export interface FrontgatePlace {
  readonly runtimeId: string;
  readonly vpcId: string;
}

/** Stands for the version of the built-in package that a frontgate runs: it is in no store. */
export const FRONTGATE_VERSION = 'frontgate';

/** How nodes of a runtime are reached. */
export type NodeAccessWay = 'direct' | 'frontgate';

/** Code of the refusal to stop or delete a frontgate that a cluster needs. */
export const FRONTGATE_NEEDED = 'FRONTGATE_NEEDED';
