export { buildMetadataTree, type MetadataOptions } from './build-tree.ts';
export { shareMetadata, type MetadataSources, type NodeMetadata, type SharedMetadata } from './node-view.ts';
export { createSharedMetadata } from './shared-cache.ts';
