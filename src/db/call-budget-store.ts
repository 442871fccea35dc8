import { type Kysely, sql } from 'kysely';
import { CALLS_PER_SECOND } from '../domain/index.ts';
import type { Database } from './schema.ts';
import type { CallBudgetStore } from './stores.ts';

/** How much budget an idle account may save: requests for this time may be sent at once. */
const SAVED_SECONDS = 0.25;

/**
 * @internal One row for each account and region holds when its next request may be sent; a caller that
 * reserves slots moves it on. So slots are assigned in the order of asking, over all workers, and by the
 * database's clock alone: a worker is told how long to wait, not until when.
 */
export function createCallBudgetStore(db: Kysely<Database>): CallBudgetStore {
  return {
    async reserve({ provider, account, region }, count, defaultPerSecond) {
      const { rows } = await sql<{ per_second: number; wait_ms: number }>`
        with budget as (
          select coalesce(
            (
              select min((settings ->> ${CALLS_PER_SECOND})::float8) from runtime
              where provider = ${provider} and account = ${account} and region = ${region}
                and deleted_at is null
            ),
            ${defaultPerSecond}::float8
          ) as per_second
        ), taken as (
          insert into call_budget as known (provider, account, region, next_at)
          select ${provider}, ${account}, ${region},
            clock_timestamp() + make_interval(secs => ${count}::float8 / per_second)
          from budget where per_second is not null
          on conflict (provider, account, region) do update set next_at =
            greatest(known.next_at, clock_timestamp() - make_interval(secs => ${SAVED_SECONDS}::float8))
            + make_interval(secs => ${count}::float8 / (select per_second from budget))
          returning next_at
        )
        select per_second,
          extract(epoch from next_at - clock_timestamp())::float8 * 1000
            - ${count}::float8 * 1000 / per_second as wait_ms
        from taken, budget
      `.execute(db);
      const [row] = rows;
      return row === undefined ? null : { perSecond: row.per_second, waitMs: row.wait_ms };
    },
  };
}
