/** What programs on a node read about their cluster; under the node's root. */
export const METADATA_FILE = '/etc/windlass/metadata.json';
/** The same for confd's file backend. */
export const CONFD_METADATA_FILE = '/etc/windlass/confd/metadata.yaml';
