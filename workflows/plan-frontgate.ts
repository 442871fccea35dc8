import type { ClusterStatus, FrontgateMember, JobAction } from '../src/domain/index.ts';

export type FrontgateAction = Extract<JobAction, 'create' | 'start' | 'stop' | 'delete'>;

/**
 * The next job of a frontgate, from the clusters that need it and its current state (null: there is none).
 * Null if it is in its desired state.
 *
 * While one member needs it, it runs. While members only keep it, it is stopped; if there was none, none
 * is created for them. A failed one holds no data: it is deleted, and created again when it is needed.
 */
export function planFrontgate(
  members: readonly FrontgateMember[],
  now: ClusterStatus | null,
): FrontgateAction | null {
  const needed = members.some(({ use }) => use === 'needed');
  switch (now) {
    case null:
    case 'deleted':
      return needed ? 'create' : null;
    case 'failed':
      return 'delete';
    case 'pending':
      return needed ? 'create' : 'delete';
    case 'active':
      if (needed) return null;
      return members.length > 0 ? 'stop' : 'delete';
    case 'stopped':
      if (needed) return 'start';
      return members.length > 0 ? null : 'delete';
  }
}
