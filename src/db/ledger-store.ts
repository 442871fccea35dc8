import { type Kysely, sql } from 'kysely';
import {
  canonicalJson,
  type LedgerResource,
  type ResourceClaim,
  type ResourceSpec,
  resourceToken,
  WindlassError,
  type Lease,
  type LeaseRequest,
} from '../domain/index.ts';
import { insertAll } from './bulk.ts';
import { leaseLost } from './leases.ts';
import { toJson } from './row-mapping.ts';
import { resourceRows } from './rows.ts';
import type { Database, ResourceTable } from './schema.ts';
import type { LedgerStore } from './stores.ts';

/** @internal Times are the database's clock, so that workers need not agree on one. */
export function createLedgerStore(db: Kysely<Database>): LedgerStore {
  return {
    async claim(request) {
      if (request.claims.length === 0) return [];
      const claimed = await claimAtOnce(db, request);
      return claimed ?? (await db.transaction().execute((transaction) => claimRows(transaction, request)));
    },

    async renew(leases, leaseMs) {
      if (leases.length === 0) return true;
      const { rows } = await sql`
        update resource set lease_until = ${leaseEnd(leaseMs)}
        from jsonb_to_recordset(${toJson(leases)}::jsonb) as lease (token text, holder text, fence integer)
        where resource.token = lease.token and resource.holder = lease.holder and resource.fence = lease.fence
        returning resource.token
      `.execute(db);
      return rows.length === leases.length;
    },

    async assertHeld(lease) {
      const { rows } = await sql`
        select 1 from resource
        where token = ${lease.token} and holder = ${lease.holder} and fence = ${lease.fence}
          and lease_until > clock_timestamp()
      `.execute(db);
      if (rows.length === 0) throw leaseLost(lease.token);
    },

    async release(leases) {
      if (leases.length === 0) return;
      await sql`
        update resource set holder = '', lease_until = null
        from jsonb_to_recordset(${toJson(leases)}::jsonb) as lease (token text, holder text, fence integer)
        where resource.token = lease.token and resource.holder = lease.holder and resource.fence = lease.fence
      `.execute(db);
    },

    async list(clusterId, filter) {
      const rows = await db
        .selectFrom('resource')
        .selectAll()
        .where('cluster_id', '=', clusterId)
        .$if(filter?.live === true, (query) => query.where('state', '<>', 'gone'))
        .orderBy('generation', 'desc')
        .orderBy('token')
        .execute();
      return rows.map(resourceRows.fromRow);
    },
  };
}

type Claimed = { readonly resource: LedgerResource; readonly lease: Lease };

/**
 * Claims rows that no other worker holds, in one statement; null if the caller has to find out which row
 * it fails on, or if another claim has written one of them at the same moment. Nothing is changed then,
 * except that rows written meanwhile may already be leased to this holder.
 */
async function claimAtOnce(db: Kysely<Database>, request: LeaseRequest): Promise<readonly Claimed[] | null> {
  const { clusterId, nodeId, jobId, holder, leaseMs } = request;
  const claims = request.claims.map((claim) => ({
    kind: claim.kind,
    makes: claim.intent === 'make',
    asked: claim.intent === 'make' ? claim.spec : null,
    head: resourceToken(clusterId, nodeId, claim.kind, 0).slice(0, -1),
  }));
  const { rows } = await sql<ResourceTable & { readonly expected: number }>`
    with claim as (
      select * from jsonb_to_recordset(${toJson(claims)}::jsonb) as c (kind text, makes boolean, asked jsonb, head text)
    ),
    locked as (
      select * from resource
      where cluster_id = ${clusterId} and node_id = ${nodeId} and kind in (select kind from claim)
      order by token
      for update
    ),
    newest as (select distinct on (kind) * from locked order by kind, generation desc),
    wanted as (
      select claim.*, newest.token, newest.generation, newest.spec, newest.holder, newest.lease_until,
        claim.makes and (newest.token is null or newest.state = 'gone') as is_new
      from claim left join newest on newest.kind = claim.kind
      where claim.makes or newest.token is not null
    ),
    refused as (
      select 1 from wanted
      where not is_new and (
        (makes and spec <> asked)
        or (holder not in ('', ${holder}) and lease_until > clock_timestamp())
      )
    ),
    made as (
      insert into resource (token, cluster_id, node_id, kind, generation, spec, made_by_job, cloud_id,
        state, attributes, holder, fence, lease_until)
      select head || (coalesce(generation, 0) + 1), ${clusterId}, ${nodeId}, kind, coalesce(generation, 0) + 1,
        asked, ${jobId}, '', 'intended', '{}'::jsonb, ${holder}, 1, ${leaseEnd(leaseMs)}
      from wanted where is_new and not exists (select 1 from refused)
      order by head
      on conflict do nothing
      returning *
    ),
    leased as (
      update resource set
        fence = case when resource.holder = ${holder} then resource.fence else resource.fence + 1 end,
        holder = ${holder}, lease_until = ${leaseEnd(leaseMs)},
        made_by_job = case when wanted.makes and resource.state = 'intended' then ${jobId} else resource.made_by_job end
      from wanted
      where resource.token = wanted.token and not wanted.is_new and not exists (select 1 from refused)
      returning resource.*
    ),
    claimed as (select * from made union all select * from leased)
    select claimed.*, (select count(*) from wanted)::integer as expected
    from (select 1) as always left join claimed on true
  `.execute(db);
  const byKind = new Map(rows.filter((row) => row.token !== null).map((row) => [row.kind, row]));
  if (byKind.size !== rows[0]?.expected) return null;
  return request.claims.flatMap(({ kind }) => {
    const row = byKind.get(kind);
    if (row === undefined) return [];
    const lease = { token: row.token, holder: row.holder, fence: row.fence };
    return [{ resource: resourceRows.fromRow(row), lease }];
  });
}

/** A row that another transaction may have written, with the rest of its lease. */
type LockedRow = ResourceTable & { readonly remaining_ms: number };

/**
 * Locks the newest row of each kind, writes those that will be made, and leases them all, or throws and
 * changes nothing. A kind that is only used and has no row is left out of the result.
 */
async function claimRows(transaction: Kysely<Database>, request: LeaseRequest): Promise<readonly Claimed[]> {
  let newest = await lockNewest(transaction, request);
  const toMake = request.claims.flatMap((claim) => {
    const row = newest.get(claim.kind);
    if (claim.intent !== 'make' || (row !== undefined && row.state !== 'gone')) return [];
    return [toIntended(request, claim, (row?.generation ?? 0) + 1)];
  });
  if (toMake.length > 0) {
    await insertIntended(transaction, toMake);
    // Whether we or another claim wrote a row first, it is read again.
    newest = await lockNewest(transaction, request);
  }
  const rows = request.claims.flatMap((claim) => {
    const row = newest.get(claim.kind);
    if (row === undefined) return [];
    assertFree(row, request);
    if (claim.intent === 'make') assertSameSpec(row, claim.spec);
    return [row];
  });
  return rows.length === 0 ? [] : await leaseRows(transaction, request, rows);
}

async function lockNewest(
  db: Kysely<Database>,
  request: LeaseRequest,
): Promise<ReadonlyMap<string, LockedRow>> {
  const kinds = request.claims.map((claim) => claim.kind);
  const { rows } = await sql<LockedRow>`
    select resource.*, extract(epoch from lease_until - clock_timestamp())::float8 * 1000 as remaining_ms
    from resource
    where cluster_id = ${request.clusterId} and node_id = ${request.nodeId} and kind = any(${kinds})
    order by token
    for update
  `.execute(db);
  const newest = new Map<string, LockedRow>();
  for (const row of rows) {
    const known = newest.get(row.kind);
    if (known === undefined || known.generation < row.generation) newest.set(row.kind, row);
  }
  return newest;
}

function toIntended(
  { clusterId, nodeId, jobId }: LeaseRequest,
  { kind, spec }: Extract<ResourceClaim, { intent: 'make' | 'change' }>,
  generation: number,
): ResourceTable {
  return {
    token: resourceToken(clusterId, nodeId, kind, generation),
    cluster_id: clusterId,
    node_id: nodeId,
    kind,
    generation,
    spec,
    made_by_job: jobId,
    cloud_id: '',
    state: 'intended',
    attributes: {},
    holder: '',
    fence: 0,
    lease_until: null,
  };
}

async function insertIntended(db: Kysely<Database>, rows: readonly ResourceTable[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  await insertAll(db, 'resource', columns, rows, 'on conflict do nothing');
}

function assertFree(row: LockedRow, request: LeaseRequest): void {
  if (row.holder === '' || row.holder === request.holder || !(row.remaining_ms > 0)) return;
  throw new WindlassError('unavailable', `another worker is working on ${row.token}`, {
    code: 'LEASE_HELD',
    hint: 'its lease expires by itself if that worker is gone',
    retryAfterMs: Math.ceil(row.remaining_ms),
  });
}

function assertSameSpec(row: LockedRow, spec: ResourceSpec): void {
  if (canonicalJson(row.spec) === canonicalJson(JSON.parse(toJson(spec)))) return;
  throw new WindlassError('conflict', `${row.token} has another specification`, {
    code: 'SPEC_CHANGED',
    hint: 'delete the existing one, or resize it',
  });
}

async function leaseRows(
  db: Kysely<Database>,
  request: LeaseRequest,
  rows: readonly LockedRow[],
): Promise<readonly Claimed[]> {
  const makes = request.claims.filter(({ intent }) => intent === 'make').map(({ kind }) => kind);
  const leased = await sql<ResourceTable>`
    update resource set
      fence = case when holder = ${request.holder} then fence else fence + 1 end,
      holder = ${request.holder}, lease_until = ${leaseEnd(request.leaseMs)},
      made_by_job = case when state = 'intended' and kind = any(${makes}) then ${request.jobId} else made_by_job end
    where token = any(${rows.map((row) => row.token)})
    returning *
  `.execute(db);
  const byToken = new Map(leased.rows.map((row) => [row.token, row]));
  return rows.flatMap(({ token }) => {
    const row = byToken.get(token);
    if (row === undefined) return [];
    return [{ resource: resourceRows.fromRow(row), lease: { token, holder: row.holder, fence: row.fence } }];
  });
}

function leaseEnd(leaseMs: number): ReturnType<typeof sql> {
  return sql`clock_timestamp() + make_interval(secs => ${leaseMs / 1000}::float8)`;
}
