import { type Kysely, sql } from 'kysely';
import { WindlassError } from '../domain/index.ts';
import type { Database } from './schema.ts';

/** The clusters whose names are taken; the index `cluster_living_name` uses the same condition. */
const LIVING = sql<boolean>`purpose = 'app' and (status <> 'deleted' or transition_status = 'recovering')`;

/** The existing cluster, other than this one, that has a name; null if none has it. */
export async function findNamesake(
  db: Kysely<Database>,
  name: string,
  clusterId: string,
): Promise<string | null> {
  const row = await db
    .selectFrom('cluster')
    .select('cluster_id')
    .where('name', '=', name)
    .where('cluster_id', '<>', clusterId)
    .where(LIVING)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  return row?.cluster_id ?? null;
}

/** @throws conflict `CLUSTER_NAME_TAKEN` */
export async function requireFreeName(db: Kysely<Database>, name: string, clusterId: string): Promise<void> {
  const other = await findNamesake(db, name, clusterId);
  if (other !== null) throw nameTaken(name, other);
}

/** Names of existing clusters, other than this one, that are `name` or begin with `name-`. */
export async function listNamesLike(
  db: Kysely<Database>,
  name: string,
  clusterId: string,
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('cluster')
    .select('name')
    .where(sql<boolean>`(name = ${name} or starts_with(name, ${`${name}-`}))`)
    .where('cluster_id', '<>', clusterId)
    .where(LIVING)
    .execute();
  return new Set(rows.map((row) => row.name));
}

/** Whether a statement failed because two clusters would have had the same name. */
export function isNameConflict(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'constraint' in error &&
    error.constraint === 'cluster_living_name'
  );
}

/** A retry succeeds. */
export function nameJustFreed(): WindlassError {
  return new WindlassError('unavailable', 'another cluster had the name until this moment', {
    code: 'CLUSTER_NAME_BUSY',
    hint: 'try again',
    retryAfterMs: 100,
  });
}

function nameTaken(name: string, other: string): WindlassError {
  return new WindlassError('conflict', `another cluster, ${other}, is named ${JSON.stringify(name)}`, {
    code: 'CLUSTER_NAME_TAKEN',
    field: 'name',
    hint: 'choose another name, or delete the other cluster first',
  });
}
