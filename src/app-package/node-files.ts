import type { PackageFile } from '../domain/index.ts';

const NODE_FOLDER = 'node/';
/** Where the package's own files stand on a node, under the node's root. */
export const APP_FOLDER = '/opt/windlass/app';

/**
 * The files that a package puts on each of its nodes: what lies in its folder `node`, with its
 * mode, under APP_FOLDER. Paths are as the package sees them, without a node's root.
 */
export function nodeFiles(content: { readonly files: readonly PackageFile[] }): PackageFile[] {
  return content.files
    .filter((file) => file.path.startsWith(NODE_FOLDER))
    .map((file) => ({ ...file, path: `${APP_FOLDER}/${file.path.slice(NODE_FOLDER.length)}` }));
}
