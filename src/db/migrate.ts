import { type Kysely, sql } from 'kysely';
import { type Migration, MIGRATIONS } from './migrations/index.ts';
import type { Database } from './schema.ts';

/**
 * Applies the pending migrations, all in one transaction: after a failure the schema is unchanged. Workers
 * that start at the same time wait for each other on the lock row and then find nothing left to do.
 * Migrations that only a newer release knows are ignored.
 */
export async function migrateDatabase(
  db: Kysely<Database>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await createBookkeeping(db);
  await db.transaction().execute(async (transaction) => {
    await transaction.selectFrom('schema_lock').selectAll().forUpdate().execute();
    const applied = await transaction.selectFrom('schema_migration').select('name').execute();
    const known = new Set(applied.map((row) => row.name));
    for (const migration of migrations) {
      if (known.has(migration.name)) continue;
      for (const statement of migration.statements) await sql.raw(statement).execute(transaction);
      await sql`insert into schema_migration (name, applied_at) values (${migration.name}, now())`.execute(
        transaction,
      );
    }
  });
}

async function createBookkeeping(db: Kysely<Database>): Promise<void> {
  const statements = [
    `create table if not exists schema_migration (name text primary key, applied_at timestamptz not null)`,
    `create table if not exists schema_lock (id integer primary key)`,
    `insert into schema_lock (id) values (1) on conflict do nothing`,
  ];
  for (const statement of statements) {
    try {
      await sql.raw(statement).execute(db);
    } catch (error) {
      // `if not exists` does not see a table that another connection is creating at this moment; its
      // catalogue entry then collides with ours, and afterwards the table exists.
      if (!isDuplicate(error)) throw error;
    }
  }
}

function isDuplicate(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  // Unique violation, duplicate object (the table's row type), duplicate table: whichever catalogue
  // entries collided.
  return error.code === '23505' || error.code === '42710' || error.code === '42P07';
}
