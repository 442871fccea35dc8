import {
  canonicalJson,
  resourceToken,
  WindlassError,
  type LedgerResource,
  type ResourceChange,
  type ResourceClaim,
  type ResourceSpec,
} from '../domain/index.ts';
import type { NextGeneration } from '../provider/index.ts';

/** The right to work on a ledger row; `fence` rises with every new holder. */
export interface MemoryLease {
  readonly token: string;
  readonly holder: string;
  readonly fence: number;
}

export interface MemoryClaim {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly holder: string;
  readonly jobId: string;
  readonly claims: readonly ResourceClaim[];
}

/** The engine's ledger with the same rules as the stored one; leases end when a test says so. */
export interface MemoryLedger {
  /**
   * Leases the rows of a task; writes those it is to make. All or none.
   * @throws unavailable `LEASE_HELD`, conflict `SPEC_CHANGED`.
   */
  claim(request: MemoryClaim): readonly MemoryLease[];
  /** @throws conflict `LEASE_LOST` */
  assertHeld(lease: MemoryLease): void;
  release(leases: readonly MemoryLease[]): void;
  /** Stores what a provider reports. @throws conflict `LEASE_LOST` when a fence no longer holds. */
  applyChanges(changes: readonly ResourceChange[], leases: readonly MemoryLease[]): void;
  /** What a task that has ended successfully did to the specs of what it changed. */
  applySpecs(nodeId: string, claims: readonly ResourceClaim[]): void;
  /** Begins next generations. @throws internal `GENERATION_NOT_GONE` for one that is not gone. */
  beginNext(next: readonly NextGeneration[]): void;
  /** What happens when the holders of all leases are silent for too long. */
  expireLeases(): void;
  /** The newest generation of each kind of a node. */
  newest(nodeId: string): Readonly<Record<string, LedgerResource>>;
  /** Those that are not gone, newest first. */
  listLive(): readonly LedgerResource[];
}

interface Row {
  resource: LedgerResource;
  fence: number;
  holder: string | null;
}

export function createMemoryLedger(): MemoryLedger {
  const rows = new Map<string, Row>();

  function findNewest(nodeId: string, kind: string): Row | undefined {
    let newest: Row | undefined;
    for (const row of rows.values()) {
      if (row.resource.nodeId !== nodeId || row.resource.kind !== kind) continue;
      if (newest === undefined || row.resource.generation > newest.resource.generation) newest = row;
    }
    return newest;
  }

  function intend(
    request: Omit<MemoryClaim, 'claims'>,
    kind: string,
    generation: number,
    spec: ResourceSpec,
  ): Row {
    const token = resourceToken(request.clusterId, request.nodeId, kind, generation);
    const row: Row = {
      resource: {
        token,
        clusterId: request.clusterId,
        nodeId: request.nodeId,
        kind,
        generation,
        spec,
        madeByJob: request.jobId,
        cloudId: '',
        state: 'intended',
        attributes: {},
      },
      fence: 0,
      holder: null,
    };
    rows.set(token, row);
    return row;
  }

  function findClaimed(request: MemoryClaim, claim: ResourceClaim): Row | undefined {
    const row = findNewest(request.nodeId, claim.kind);
    if (claim.intent !== 'make') return row;
    if (row === undefined) return intend(request, claim.kind, 1, claim.spec);
    if (row.resource.state === 'gone')
      return intend(request, claim.kind, row.resource.generation + 1, claim.spec);
    if (canonicalJson(row.resource.spec) !== canonicalJson(claim.spec)) {
      throw new WindlassError('conflict', `${row.resource.token} has another spec`, {
        code: 'SPEC_CHANGED',
      });
    }
    return row;
  }

  function assertHeld(lease: MemoryLease): void {
    const row = rows.get(lease.token);
    if (row?.holder !== lease.holder || row.fence !== lease.fence) {
      throw new WindlassError('conflict', `another worker has taken over ${lease.token}`, {
        code: 'LEASE_LOST',
      });
    }
  }

  return {
    claim(request) {
      const claimed = request.claims.flatMap((claim) => findClaimed(request, claim) ?? []);
      for (const row of claimed) {
        if (row.holder !== null && row.holder !== request.holder) {
          throw new WindlassError('unavailable', `${row.resource.token} is leased to another worker`, {
            code: 'LEASE_HELD',
            retryAfterMs: 10,
          });
        }
      }
      return claimed.map((row) => {
        if (row.holder !== request.holder) row.fence += 1;
        row.holder = request.holder;
        return { token: row.resource.token, holder: request.holder, fence: row.fence };
      });
    },
    assertHeld,
    release(leases) {
      for (const lease of leases) {
        const row = rows.get(lease.token);
        if (row?.holder === lease.holder && row.fence === lease.fence) row.holder = null;
      }
    },
    applyChanges(changes, leases) {
      leases.forEach(assertHeld);
      for (const change of changes) {
        const row = rows.get(change.token);
        if (row === undefined) {
          throw new WindlassError(
            'internal',
            `the provider reports ${change.token}, which no row of the ledger has`,
            {
              code: 'TOKEN_UNKNOWN',
            },
          );
        }
        row.resource = {
          ...row.resource,
          state: change.state,
          cloudId: change.cloudId ?? row.resource.cloudId,
          attributes: change.attributes ?? row.resource.attributes,
        };
      }
    },
    applySpecs(nodeId, claims) {
      for (const claim of claims) {
        const row = claim.intent === 'change' ? findNewest(nodeId, claim.kind) : undefined;
        if (row !== undefined && claim.intent === 'change')
          row.resource = { ...row.resource, spec: claim.spec };
      }
    },
    beginNext(next) {
      for (const { token, attributes } of next) {
        const resource = rows.get(token)?.resource;
        if (resource?.state !== 'gone') {
          throw new WindlassError('internal', `${token} is to be followed before it is gone`, {
            code: 'GENERATION_NOT_GONE',
          });
        }
        const { clusterId, nodeId, kind, spec, madeByJob } = resource;
        const request = { clusterId, nodeId, jobId: madeByJob, holder: '' };
        const row = intend(request, kind, resource.generation + 1, spec);
        row.resource = { ...row.resource, attributes };
      }
    },
    expireLeases() {
      for (const row of rows.values()) row.holder = null;
    },
    newest(nodeId) {
      const newest: Record<string, LedgerResource> = {};
      for (const row of rows.values()) {
        const known = newest[row.resource.kind];
        if (row.resource.nodeId !== nodeId) continue;
        if (known === undefined || known.generation < row.resource.generation)
          newest[row.resource.kind] = row.resource;
      }
      return newest;
    },
    listLive() {
      return [...rows.values()]
        .map((row) => row.resource)
        .filter((resource) => resource.state !== 'gone')
        .sort((left, right) => right.generation - left.generation);
    },
  };
}
