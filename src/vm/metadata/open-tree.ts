import type { OpenTree } from '../../confd/index.ts';
import type { MetadataLeaf, MetadataTree, SecretReference } from '../../domain/index.ts';

/** The value behind a reference. */
export type OpenSecret = (reference: SecretReference) => Promise<string>;

/** Whether a value in a tree is a directory. */
export function isTree(value: MetadataTree | MetadataLeaf | undefined): value is MetadataTree {
  return typeof value === 'object' && !('$secret' in value && typeof value['$secret'] === 'string');
}

/**
 * The tree with its secrets decrypted, each once, however often it occurs. With `openSecret` null they are
 * left empty: the tree belongs to a cluster whose secrets this one may not see.
 *
 * @throws the errors of openSecret.
 */
export async function openTree(tree: MetadataTree, openSecret: OpenSecret | null): Promise<OpenTree> {
  const opened = new Map<string, Promise<string>>();
  const open = (reference: SecretReference): Promise<string> => {
    const known = opened.get(reference.$secret) ?? openSecret?.(reference) ?? Promise.resolve('');
    opened.set(reference.$secret, known);
    return known;
  };
  return openBranch(tree, open);
}

async function openBranch(tree: MetadataTree, open: OpenSecret): Promise<OpenTree> {
  const entries: [string, OpenTree | string][] = [];
  for (const [key, value] of Object.entries(tree)) {
    if (isTree(value)) entries.push([key, await openBranch(value, open)]);
    else entries.push([key, typeof value === 'string' ? value : await open(value)]);
  }
  return Object.fromEntries(entries);
}
