import type { SecretReference } from './cluster.ts';

/** Directories and leaves of a cluster's metadata (appcenter/metadata-service.md). */
export interface MetadataTree {
  readonly [key: string]: MetadataTree | MetadataLeaf;
}
export type MetadataLeaf = string | SecretReference;
