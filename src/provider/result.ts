import type { ClusterNode, NodeVolume } from '../domain/cluster.ts';
import type { MetadataTree } from '../domain/metadata.ts';
import type { ResourceChange } from '../domain/resource.ts';

/** What a task changed, as plain data; the engine stores it in one transaction. */
export interface Changes {
  readonly resources?: readonly ResourceChange[];
  /** Changes of the task's own node. */
  readonly node?: Partial<
    Pick<
      ClusterNode,
      'status' | 'instanceId' | 'privateIp' | 'publicIp' | 'ssh' | 'passphraselessKey' | 'customToken'
    >
  > & { readonly volumes?: readonly NodeVolume[] };
  /** The cluster's metadata tree; null removes it. */
  readonly metadata?: MetadataTree | null;
  /** Rows that begin the next generation; only rows that `resources` of the same changes report as gone. */
  readonly next?: readonly NextGeneration[];
}

/**
 * The explicit step to the next generation of a ledger row: the row's resource is proved gone or unusable,
 * and another will be created instead, for the same specification (R3).
 */
export interface NextGeneration {
  /** The row that is abandoned; the task must have claimed it. */
  readonly token: string;
  /** The first attributes of the new row, e.g. its placement. Holds no secret. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Result of a handle. `started`: the wait must observe the effect. `done`: the effect was immediate, or
 * the state was already reached, and there is no wait (R5). `again`: retry with a new generation, because
 * what was requested is not available; the changes abandon the row and begin the next generation, and the
 * engine calls the handle again with the new rows. The provider ends this itself, with an error, when no
 * option is left.
 */
export interface HandleResult {
  readonly state: 'started' | 'done' | 'again';
  readonly changes?: Changes;
}

/** Result of one poll. */
export type Observation =
  | { readonly state: 'done'; readonly changes?: Changes }
  | {
      readonly state: 'pending';
      /** What was observed, for users, e.g. `instance i-1 is pending`. */
      readonly seen: string;
      /** Passed to the next poll; plain JSON of at most 2 KB, no secret. */
      readonly cursor?: unknown;
      /** When the next poll is useful; the engine's own interval by default. */
      readonly retryAfterMs?: number;
    };
