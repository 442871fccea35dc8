/** The file that programs on a node, and confd's file backend, read; below the node's root. */
export const METADATA_FILE = '/etc/windlass/metadata.json';
