import { type Kysely, sql } from 'kysely';
import { toJson } from './row-mapping.ts';
import type { Database } from './schema.ts';
import type { WorkerStore } from './stores.ts';

/** For this time a worker that went silent counts as present. */
const SILENT_SECONDS = 30;

/** @internal One row per worker process, by the database's clock; those of dead ones are removed. */
export function createWorkerStore(db: Kysely<Database>): WorkerStore {
  const isSilent = sql<boolean>`seen_at < clock_timestamp() - make_interval(secs => ${SILENT_SECONDS})`;
  return {
    async report({ identity, providers }) {
      await db.deleteFrom('worker').where(isSilent).execute();
      await sql`
        insert into worker (identity, providers, seen_at)
        values (${identity}, ${toJson(providers)}, clock_timestamp())
        on conflict (identity) do update
        set providers = excluded.providers, seen_at = excluded.seen_at
      `.execute(db);
    },

    async leave(identity) {
      await db.deleteFrom('worker').where('identity', '=', identity).execute();
    },

    async listProviders() {
      const rows = await db
        .selectFrom('worker')
        .select('providers')
        .where(sql<boolean>`not ${isSilent}`)
        .execute();
      return Object.assign({}, ...rows.map(({ providers }) => providers)) as Readonly<
        Record<string, readonly string[] | null>
      >;
    },
  };
}
