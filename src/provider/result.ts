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
  /** Rows to begin anew; only of those that `resources` of the same changes report gone. */
  readonly next?: readonly NextGeneration[];
}

/**
 * The explicit step to the next generation of a ledger row: the resource of the row is proved gone
 * or condemned, and another is to be made in its stead, for the same specification (R3).
 */
export interface NextGeneration {
  /** Of the row that is given up; the task must have claimed it. */
  readonly token: string;
  /** What the new row begins with, e.g. where the next one is to be placed. Holds no secret. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Result of a handle. `started`: the wait must observe the effect. `done`: it was immediate, or
 * already so, and there is no wait (R5). `again`: what was tried cannot be had; the changes give it up
 * and begin the next generation, and the engine calls the handle once more, with the new rows. A
 * provider ends this by itself, with an error, when there is nothing left to try.
 */
export interface HandleResult {
  readonly state: 'started' | 'done' | 'again';
  readonly changes?: Changes;
}

/** Result of one look. */
export type Observation =
  | { readonly state: 'done'; readonly changes?: Changes }
  | {
      readonly state: 'pending';
      /** What was seen, in words a person understands, e.g. `instance i-1 is pending`. */
      readonly seen: string;
      /** Given to the next look; plain JSON of at most 2 KB, no secret. */
      readonly cursor?: unknown;
      /** When the next look is worth it; the engine's own pacing by default. */
      readonly retryAfterMs?: number;
    };
