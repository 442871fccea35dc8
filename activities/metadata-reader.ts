import type { ClusterStore, MetadataVersion } from '../src/db/index.ts';
import type { Cluster, MetadataTree, SecretReference } from '../src/domain/index.ts';
import type { RelatedMetadata } from '../src/provider/index.ts';

/** Trees that a worker caches; one of a thousand nodes has about half a megabyte. */
const KEPT_TREES = 32;

/** The registered trees that a cluster may see. */
export interface MetadataReader {
  /** Its own; null when none is registered. */
  readOwn(): Promise<MetadataTree | null>;
  readRelated(): Promise<readonly RelatedMetadata[]>;
}

/**
 * Reads trees once for each change, not once for each node: each of a thousand nodes costs one small
 * request to the database, whether the tree is unchanged.
 */
export function createMetadataReaders(
  clusters: Pick<ClusterStore, 'getMetadata' | 'listMetadata'>,
  openSecret: (clusterId: string, name: string) => Promise<string>,
): (cluster: Pick<Cluster, 'clusterId' | 'metadataRootAccess'>) => MetadataReader {
  const kept = new Map<string, { version: string; tree: Promise<MetadataTree | null> }>();

  function read({ clusterId, version }: MetadataVersion): Promise<MetadataTree | null> {
    const known = kept.get(clusterId);
    if (known?.version === version) return known.tree;
    const tree = clusters.getMetadata(clusterId);
    kept.delete(clusterId);
    kept.set(clusterId, { version, tree });
    const [oldest] = kept.keys();
    if (kept.size > KEPT_TREES && oldest !== undefined) kept.delete(oldest);
    tree.catch(() => {
      if (kept.get(clusterId)?.tree === tree) kept.delete(clusterId);
    });
    return tree;
  }

  return ({ clusterId, metadataRootAccess }) => {
    // Read together for a task: its own tree and the linked ones are of one moment.
    let asked: Promise<readonly MetadataVersion[]> | undefined;
    const list = (): Promise<readonly MetadataVersion[]> =>
      (asked ??= clusters.listMetadata(clusterId, { neighbours: metadataRootAccess }));
    return {
      async readOwn() {
        const own = (await list()).find((version) => version.clusterId === clusterId);
        return own === undefined ? null : read(own);
      },
      async readRelated() {
        const others = (await list()).filter((version) => version.clusterId !== clusterId);
        const related = await Promise.all(
          others.map(async (other): Promise<RelatedMetadata | null> => {
            const tree = await read(other);
            if (tree === null) return null;
            const open = ({ $secret }: SecretReference): Promise<string> =>
              openSecret(other.clusterId, $secret);
            const { links } = other;
            // Only a cluster that the user has linked gets another cluster's secrets.
            return { clusterId: other.clusterId, links, tree, openSecret: links.length > 0 ? open : null };
          }),
        );
        return related.filter((one) => one !== null);
      },
    };
  };
}
