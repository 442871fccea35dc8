import { type RawBuilder, sql } from 'kysely';
import type { PageRequest } from '../domain/index.ts';

/**
 * The condition for the beginning of a page: rows older than the last one seen; all of them for the first
 * page.
 */
export function afterLastSeen(
  table: string,
  time: string,
  id: string,
  page: PageRequest,
): RawBuilder<boolean> {
  if (page.after === undefined) return sql<boolean>`true`;
  const key = sql`${sql.ref(`${table}.${time}`)}, ${sql.ref(`${table}.${id}`)}`;
  return sql<boolean>`(${key}) < (
    select seen.${sql.ref(time)}, seen.${sql.ref(id)} from ${sql.table(table)} as seen where seen.${sql.ref(id)} = ${page.after}
  )`;
}
