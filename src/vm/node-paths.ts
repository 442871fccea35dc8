/** What programs on a node read about their cluster, and confd's file backend too; under the node's root. */
export const METADATA_FILE = '/etc/windlass/metadata.json';
