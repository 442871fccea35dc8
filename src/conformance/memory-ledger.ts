import {
  canonicalJson,
  resourceToken,
  WindlassError,
  type LedgerResource,
  type ResourceChange,
  type ResourceClaim,
  type ResourceSpec,
  type Lease,
  type LeaseRequest,
  type LeaseStore,
} from '../domain/index.ts';
import type { NextGeneration } from '../provider/index.ts';
import { deepFreeze } from './deep-freeze.ts';

/** The engine's ledger with the same rules as the stored one; a test decides when leases expire. */
export interface MemoryLedger extends LeaseStore {
  /**
   * Stores what a provider reports, begins next generations, and releases the leases.
   * @throws conflict `LEASE_LOST` when one of them is no longer valid: nothing is stored then.
   */
  store(changes: LedgerChanges, leases: readonly Lease[]): void;
  /** Applies a successful task's changes to the specs of its resources. */
  applySpecs(nodeId: string, claims: readonly ResourceClaim[]): void;
  /** Simulates that the holders of all leases are silent for too long. */
  expireLeases(): void;
  /** The newest generation of each kind of a node. */
  newest(nodeId: string): Readonly<Record<string, LedgerResource>>;
  /** Those that are not gone, newest first. */
  listLive(): readonly LedgerResource[];
}

export interface LedgerChanges {
  readonly resources?: readonly ResourceChange[];
  readonly next?: readonly NextGeneration[];
}

interface Row {
  resource: LedgerResource;
  fence: number;
  holder: string | null;
}

/** A state never goes backwards. */
const STATES: readonly LedgerResource['state'][] = ['intended', 'made', 'gone'];

type IntendRequest = Pick<LeaseRequest, 'clusterId' | 'nodeId' | 'jobId'>;

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

  function intend(request: IntendRequest, kind: string, generation: number, spec: ResourceSpec): Row {
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

  function findClaimed(request: LeaseRequest, claim: ResourceClaim): Row | undefined {
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

  function assertHeld(lease: Lease): void {
    const row = rows.get(lease.token);
    if (row?.holder !== lease.holder || row.fence !== lease.fence) {
      throw new WindlassError('conflict', `another worker has taken over ${lease.token}`, {
        code: 'LEASE_LOST',
      });
    }
  }

  function release(leases: readonly Lease[]): void {
    for (const lease of leases) {
      const row = rows.get(lease.token);
      if (row?.holder === lease.holder && row.fence === lease.fence) row.holder = null;
    }
  }

  function change(row: Row, { state, cloudId, attributes }: ResourceChange): void {
    const { resource } = row;
    if (STATES.indexOf(state) < STATES.indexOf(resource.state)) return;
    row.resource = {
      ...resource,
      state,
      cloudId: cloudId ?? resource.cloudId,
      attributes: attributes ?? resource.attributes,
    };
  }

  return {
    async claim(request) {
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
        const lease = { token: row.resource.token, holder: request.holder, fence: row.fence };
        return { resource: deepFreeze(row.resource), lease };
      });
    },
    renew: async () => true,
    assertHeld: async (lease) => assertHeld(lease),
    release: async (leases) => release(leases),
    store({ resources = [], next = [] }, leases) {
      leases.forEach(assertHeld);
      const unknown = resources.find(({ token }) => !rows.has(token));
      if (unknown !== undefined) {
        throw new WindlassError('not-found', `no row of the ledger is ${unknown.token}`, {
          code: 'RESOURCE_NOT_FOUND',
          hint: 'a provider reports only tokens of its task’s cluster',
        });
      }
      for (const changed of resources) {
        const row = rows.get(changed.token);
        if (row !== undefined) change(row, changed);
      }
      for (const { token, attributes } of next) {
        const given = rows.get(token)?.resource;
        if (given === undefined || findNewest(given.nodeId, given.kind)?.resource !== given) continue;
        const request = { ...given, jobId: given.madeByJob };
        const row = intend(request, given.kind, given.generation + 1, given.spec);
        row.resource = { ...row.resource, attributes };
      }
      release(leases);
    },
    applySpecs(nodeId, claims) {
      for (const claim of claims) {
        const row = claim.intent === 'change' ? findNewest(nodeId, claim.kind) : undefined;
        if (row !== undefined && claim.intent === 'change')
          row.resource = { ...row.resource, spec: claim.spec };
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
