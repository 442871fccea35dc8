import type { ClusterPlace, ClusterSpec, RoleSpec } from '../domain/index.ts';

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
export interface PackageRole extends Omit<RoleSpec, 'volumes'> {
  /** Path of the entry in cluster.json, e.g. `nodes.0`. */
  readonly path: string;
  readonly volume: VolumeLayout | null;
}

/** cluster.json, parsed: the desired state of a cluster, before it has ids. */
export interface PackageCluster extends ClusterSpec, ClusterPlace {
  /** Link name → id of the linked cluster. */
  readonly links: Readonly<Record<string, string>>;
  readonly roles: readonly PackageRole[];
}
