import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { LeaderStore } from './stores.ts';

/** @internal One row for each role; a worker that dies loses it when its time expires. */
export function createLeaderStore(db: Kysely<Database>): LeaderStore {
  return {
    async lead(role, holder, seconds) {
      const { rows } = await sql`
        insert into leader as known (role, holder, held_until)
        values (${role}, ${holder}, clock_timestamp() + make_interval(secs => ${seconds}::float8))
        on conflict (role) do update set holder = excluded.holder, held_until = excluded.held_until
        where known.holder = excluded.holder or known.held_until <= clock_timestamp()
        returning role
      `.execute(db);
      return rows.length === 1;
    },

    async resign(role, holder) {
      await db.deleteFrom('leader').where('role', '=', role).where('holder', '=', holder).execute();
    },
  };
}
