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
}

/**
 * Result of a handle. `started`: the wait must observe the effect. `done`: it was immediate, or
 * already so, and there is no wait.
 */
export interface HandleResult {
  readonly state: 'started' | 'done';
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
