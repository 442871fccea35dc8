import { CONFD_FOLDER } from '../confd/index.ts';
import type { PackageFile } from '../domain/index.ts';

const NODE_FOLDER = 'node/';
/** The folder of the package's own files on a node, below the node's root. */
export const APP_FOLDER = '/opt/windlass/app';

/** The folder in which confd looks for its resources and templates. */
const NODE_CONFD_FOLDER = '/etc/confd/';

/**
 * The files that a package puts on each of its nodes: the files of its folder `node`, with their modes,
 * under APP_FOLDER, except confd's. Paths are as the package sees them, without a node's root.
 */
export function nodeFiles(content: { readonly files: readonly PackageFile[] }): PackageFile[] {
  return content.files
    .filter((file) => file.path.startsWith(NODE_FOLDER) && !file.path.startsWith(CONFD_FOLDER))
    .map((file) => ({ ...file, path: `${APP_FOLDER}/${file.path.slice(NODE_FOLDER.length)}` }));
}

/** The package's resources and templates for a node that has confd, in the folders that confd reads. */
export function confdNodeFiles(content: { readonly files: readonly PackageFile[] }): PackageFile[] {
  return content.files
    .filter((file) => file.path.startsWith(CONFD_FOLDER))
    .map((file) => ({ ...file, path: NODE_CONFD_FOLDER + file.path.slice(CONFD_FOLDER.length) }));
}
