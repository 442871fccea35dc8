import type { MetadataTree } from '../../domain/index.ts';
import { shareMetadata, type MetadataSources, type SharedMetadata } from './node-view.ts';

/** How many clusters' shared metadata a worker caches at most; each costs about three times its tree. */
const KEPT = 4;

interface Entry {
  readonly trees: readonly MetadataTree[];
  readonly shared: Promise<SharedMetadata>;
}

/**
 * The part that all nodes of a cluster share is rendered once, not for each of a thousand nodes. The
 * engine passes the same tree object as long as the tree is unchanged, so a change is noticed at once.
 */
export function createSharedMetadata(): (sources: MetadataSources) => Promise<SharedMetadata> {
  const entries: Entry[] = [];
  return (sources) => {
    const trees = [sources.tree, ...sources.related.map(({ tree }) => tree)];
    const known = entries.find((entry) => isSame(entry.trees, trees));
    if (known !== undefined) return known.shared;
    const shared = shareMetadata(sources);
    const entry = { trees, shared };
    entries.unshift(entry);
    entries.length = Math.min(entries.length, KEPT);
    shared.catch(() => {
      const index = entries.indexOf(entry);
      if (index >= 0) entries.splice(index, 1);
    });
    return shared;
  };
}

function isSame(left: readonly MetadataTree[], right: readonly MetadataTree[]): boolean {
  return left.length === right.length && left.every((tree, index) => tree === right[index]);
}
