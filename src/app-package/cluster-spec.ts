import type { ClusterRole, Env } from '../domain/index.ts';
import type { ClusterPolicies } from './read-policies.ts';

/** A volume layout before it is divided among its mount points. */
export interface VolumeLayout {
  /** All mount points of a node together. */
  readonly sizeGiB: number;
  readonly volumeClass: number | null;
  readonly mountPoints: readonly string[];
  readonly mountOptions: string | null;
  readonly filesystem: string;
}

/** One entry of `nodes`: a role, how many nodes of it, and what they store. */
export interface RoleSpec extends Omit<ClusterRole, 'clusterId' | 'volumes'> {
  /** Path of the entry in cluster.json, e.g. `nodes.0`. */
  readonly path: string;
  readonly count: number;
  readonly volume: VolumeLayout | null;
}

/** cluster.json, read: what a cluster is to be, before it has ids. */
export interface ClusterSpec extends ClusterPolicies {
  readonly name: string;
  readonly description: string;
  readonly subnetId: string;
  /** Link name → id of the cluster it leads to. */
  readonly links: Readonly<Record<string, string>>;
  readonly roles: readonly RoleSpec[];
  readonly env: Env;
  readonly endpoints: readonly {
    readonly name: string;
    readonly port: number | string;
    readonly protocol: string;
  }[];
  readonly reservedIps: Readonly<Record<string, string>>;
  readonly advancedActions: readonly string[];
  readonly metadataRootAccess: boolean;
  readonly healthCheck: Readonly<Record<string, unknown>> | null;
  readonly monitor: Readonly<Record<string, unknown>> | null;
  readonly displayTabs: Readonly<Record<string, unknown>> | null;
  /** Fields that the specification does not know, as they stand. */
  readonly extra: Readonly<Record<string, unknown>>;
}
