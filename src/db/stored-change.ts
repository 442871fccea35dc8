import type { ClusterWrapper } from '../domain/index.ts';

/** What a job changes in a cluster's desired state; stored with the job. */
export interface StoredChange {
  /** The whole cluster as it was when the job was opened. */
  readonly before: ClusterWrapper;
  /**
   * Ids of the nodes that are removed, and roles that only describe those; stored until the job has
   * succeeded.
   */
  readonly leaving: { readonly nodeIds: readonly string[]; readonly roles: readonly string[] };
}
