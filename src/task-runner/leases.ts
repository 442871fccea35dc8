import { randomUUID } from 'node:crypto';
import {
  resourceToken,
  WindlassError,
  type LedgerResource,
  type Lease,
  type LeaseStore,
} from '../domain/index.ts';
import type { TaskContext } from '../provider/index.ts';

/** The ledger rows of a handle, leased while it runs. */
export interface HeldLeases {
  readonly resources: Readonly<Record<string, LedgerResource>>;
  readonly leases: readonly Lease[];
  /** @throws conflict `LEASE_LOST` */
  assertHeld(token: string): Promise<void>;
  /** Whether the row was never leased before: no effect can have happened under its token. */
  isFirstClaim(token: string): boolean;
  /** Releases them, unless the store has already done so. */
  release(): Promise<void>;
  /** Marks that something was stored under them. */
  markReleased(): void;
}

export interface HoldLeasesOptions {
  /** Identifies this worker process; part of the holder. */
  readonly identity: string;
  readonly leaseSeconds: number;
}

/**
 * Claims the rows of a task and keeps their leases alive. Every attempt is a holder of its own: a frozen
 * attempt and its retry in one process are as separate as two workers.
 *
 * @throws unavailable `LEASE_HELD`, conflict `SPEC_CHANGED`.
 */
export async function holdLeases(
  store: LeaseStore,
  context: TaskContext,
  options: HoldLeasesOptions,
): Promise<HeldLeases> {
  const { task } = context;
  if (task.resources.length === 0) {
    return {
      resources: context.resources,
      leases: [],
      assertHeld: refuseUnclaimed,
      isFirstClaim: () => false,
      release: async () => {},
      markReleased: () => {},
    };
  }
  const leaseMs = options.leaseSeconds * 1000;
  const claimed = await store.claim({
    clusterId: task.clusterId,
    nodeId: task.nodeId ?? '',
    jobId: task.jobId,
    holder: `${options.identity}/${randomUUID()}`,
    leaseMs,
    claims: task.resources,
  });
  const leases = claimed.map((claim) => claim.lease);
  const byToken = new Map(leases.map((lease) => [lease.token, lease]));
  let released = false;
  // A failed renewal can be ignored: assertHeld asks the database before every effect.
  const timer = setInterval(() => void store.renew(leases, leaseMs).catch(() => false), leaseMs / 3);
  return {
    resources: {
      ...context.resources,
      ...Object.fromEntries(claimed.map((claim) => [claim.resource.kind, claim.resource])),
    },
    leases,
    async assertHeld(token) {
      const lease = byToken.get(token);
      if (lease === undefined) return refuseUnclaimed(token);
      await store.assertHeld(lease);
    },
    isFirstClaim: (token) => byToken.get(token)?.fence === 1,
    async release() {
      clearInterval(timer);
      if (!released) await store.release(leases);
    },
    markReleased() {
      released = true;
    },
  };
}

async function refuseUnclaimed(token: string): Promise<void> {
  throw new WindlassError('internal', `an effect on ${token} was attempted by a task that did not claim it`, {
    code: 'RESOURCE_NOT_CLAIMED',
    hint: `the plan must name the resource of ${resourceToken('<cluster>', '<node>', '<kind>', 1)} in the task's claims`,
  });
}
