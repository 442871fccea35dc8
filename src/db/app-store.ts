import { type Kysely, type RawBuilder, sql } from 'kysely';
import { WindlassError } from '../domain/index.ts';
import { versionNotFound } from './not-found.ts';
import { afterLastSeen } from './page.ts';
import { appVersionRows } from './rows.ts';
import type { Database } from './schema.ts';
import type { AppStore } from './stores.ts';

/** The database's clock, so that workers whose clocks differ agree. */
const now = sql<string>`clock_timestamp()`;

/** @internal */
export function createAppStore(db: Kysely<Database>): AppStore {
  return {
    async putPart(digest, index, content) {
      await db
        .insertInto('app_part')
        .values({ digest, index, content })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async listParts(digest) {
      const rows = await db
        .selectFrom('app_part')
        .select('index')
        .where('digest', '=', digest)
        .orderBy('index')
        .execute();
      return rows.map((row) => row.index);
    },

    async readContent(digest) {
      const version = await db
        .selectFrom('app_version')
        .select('size_bytes')
        .where('digest', '=', digest)
        .executeTakeFirst();
      const rows = await db
        .selectFrom('app_part')
        .select(['index', 'content'])
        .where('digest', '=', digest)
        .orderBy('index')
        .execute();
      const gap = rows.findIndex((row, position) => row.index !== position);
      const content = Buffer.concat(rows.map((row) => row.content));
      if (
        rows.length === 0 ||
        gap !== -1 ||
        (version !== undefined && version.size_bytes !== content.length)
      ) {
        const missing = gap === -1 ? rows.length : gap;
        throw new WindlassError(
          'not-found',
          `part ${missing} of the package with digest ${digest} does not exist`,
          {
            code: 'APP_PART_MISSING',
            hint: 'register the package again: only missing parts are sent',
          },
        );
      }
      return new Uint8Array(content);
    },

    async create(version, claim) {
      const row = await db
        .insertInto('app_version')
        .values({
          ...appVersionRows.toRow(version),
          registered_at: now,
          claims:
            claim === undefined ? null : sql<Record<string, string>>`${withClaim(sql`'{}'::jsonb`, claim)}`,
        })
        .onConflict((conflict) =>
          conflict.column('digest').doUpdateSet({ registered_at: now, claims: claimsAfter(claim) }),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
      return appVersionRows.fromRow(row);
    },

    async renew(digest, claim) {
      const row = await db
        .updateTable('app_version')
        .set({ registered_at: now, claims: claimsAfter(claim) })
        .where('digest', '=', digest)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : appVersionRows.fromRow(row);
    },

    async release(claim) {
      await db.transaction().execute(async (transaction) => {
        await sql`update app_version set claims = claims - ${claim}::text where claims ? ${claim}`.execute(
          transaction,
        );
        await forgetUnclaimed(transaction);
      });
    },

    async forgetLeft() {
      await db.transaction().execute(async (transaction) => {
        await sql`
          update app_version set claims = coalesce((
            select jsonb_object_agg(key, value) from jsonb_each_text(claims)
            where value::timestamptz > ${now} - interval '1 day'
          ), '{}') where claims is not null
        `.execute(transaction);
        await forgetUnclaimed(transaction);
        await sql`
          delete from app_part where stored_at < ${now} - interval '1 day'
            and not exists (select 1 from app_version where app_version.digest = app_part.digest)
        `.execute(transaction);
      });
    },

    async get(versionIdOrName) {
      const row = await db
        .selectFrom('app_version')
        .selectAll()
        .where((where) =>
          where.or([
            where('version_id', '=', versionIdOrName),
            where.and([where('app_name', '=', versionIdOrName), where('claims', 'is', null)]),
          ]),
        )
        .orderBy(sql`version_id = ${versionIdOrName}`, 'desc')
        .orderBy('created_at', 'desc')
        .orderBy('version_id', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (row === undefined) throw versionNotFound(versionIdOrName);
      return appVersionRows.fromRow(row);
    },

    async list(page) {
      const rows = await db
        .selectFrom('app_version')
        .selectAll()
        .where('claims', 'is', null)
        .where(afterLastSeen('app_version', 'created_at', 'version_id', page))
        .orderBy('created_at', 'desc')
        .orderBy('version_id', 'desc')
        .limit(page.limit)
        .execute();
      return rows.map(appVersionRows.fromRow);
    },

    async forgetUnused(versionId) {
      await db.transaction().execute(async (transaction) => {
        // Locked by a statement of its own: the next one then sees the cluster that was being stored with
        // it.
        await transaction
          .selectFrom('app_version')
          .select('version_id')
          .where('version_id', '=', versionId)
          .forUpdate()
          .execute();
        await sql`
          with unused as (
            delete from app_version old where version_id = ${versionId}
              and registered_at < ${now} - interval '1 hour'
              and exists (
                select 1 from app_version newer
                where newer.app_name = old.app_name and newer.created_at > old.created_at
              )
              and not exists (
                select 1 from cluster
                where version_id = old.version_id or previous ->> 'versionId' = old.version_id
              )
              and not exists (
                select 1 from job
                where closed_at is null and change -> 'before' -> 'cluster' ->> 'versionId' = old.version_id
              )
            returning digest
          )
          delete from app_part where digest in (select digest from unused)
        `.execute(transaction);
      });
    },
  };
}

function withClaim(claims: RawBuilder<unknown>, claim: string): RawBuilder<unknown> {
  return sql`${claims} || jsonb_build_object(${claim}::text, ${now})`;
}

/** A registered version stays registered when it is claimed; without a claim it becomes registered. */
function claimsAfter(claim: string | undefined): RawBuilder<Record<string, string> | null> {
  if (claim === undefined) return sql`null`;
  return sql`case when app_version.claims is null then null else ${withClaim(sql`app_version.claims`, claim)} end`;
}

/**
 * A transaction that renews a version at this moment waits for its row, and then finds it gone or claims
 * it first.
 */
async function forgetUnclaimed(transaction: Kysely<Database>): Promise<void> {
  await sql`
    with unclaimed as (delete from app_version where claims = '{}'::jsonb returning digest)
    delete from app_part where digest in (select digest from unclaimed)
  `.execute(transaction);
}

/**
 * Keeps a version from being deleted until the transaction ends, which stores a cluster of it; a version
 * that came with the request is registered by that.
 *
 * @throws not-found `APP_NOT_FOUND` if it is deleted already.
 */
export async function holdVersion(transaction: Kysely<Database>, versionId: string): Promise<void> {
  await transaction
    .updateTable('app_version')
    .set({ claims: null })
    .where('version_id', '=', versionId)
    .where('claims', 'is not', null)
    .execute();
  const row = await transaction
    .selectFrom('app_version')
    .select('version_id')
    .where('version_id', '=', versionId)
    .forShare()
    .executeTakeFirst();
  if (row === undefined) throw versionNotFound(versionId);
}
