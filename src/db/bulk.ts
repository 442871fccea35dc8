import { type Kysely, type RawBuilder, sql } from 'kysely';
import { type FieldKind, toJson } from './row-mapping.ts';
import type { Database } from './schema.ts';

/** Rows in one statement: keeps a message to a few megabytes. */
const BATCH_ROWS = 2_000;

/**
 * Inserts rows, each an object with the names of the columns. They are sent as one json parameter for each
 * batch, which PostgreSQL and PGlite process much faster than a parameter for each value.
 */
export async function insertAll(
  db: Kysely<Database>,
  table: keyof Database,
  columns: readonly string[],
  records: readonly object[],
  onConflict: '' | 'on conflict do nothing' = '',
): Promise<void> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  for (let start = 0; start < records.length; start += BATCH_ROWS) {
    const batch = toJson(records.slice(start, start + BATCH_ROWS));
    await sql`
      insert into ${sql.table(table)} (${names})
      select ${names} from jsonb_populate_recordset(null::${sql.table(table)}, ${batch}::jsonb)
      ${sql.raw(onConflict)}
    `.execute(db);
  }
}

/**
 * The assignments of an update from `change.value` (jsonb): a column keeps its value if the change does
 * not name it. Each reads the row itself, so that two updates of different columns never undo each other.
 */
export function assignments(
  table: keyof Database,
  columns: readonly { readonly name: string; readonly kind: FieldKind }[],
): RawBuilder<unknown> {
  return sql.join(
    columns.map(({ name, kind }) => {
      const old = sql`${sql.table(table)}.${sql.ref(name)}`;
      return sql`${sql.ref(name)} = case when change.value ? ${sql.lit(name)} then ${fromJson(name, kind)} else ${old} end`;
    }),
  );
}

function fromJson(name: string, kind: FieldKind): RawBuilder<unknown> {
  const text = sql`(change.value ->> ${sql.lit(name)})`;
  switch (kind) {
    case 'text':
      return text;
    case 'integer':
      return sql`${text}::integer`;
    case 'boolean':
      return sql`${text}::boolean`;
    case 'time':
      return sql`${text}::timestamptz`;
    case 'json':
      return sql`nullif(change.value -> ${sql.lit(name)}, 'null'::jsonb)`;
  }
}
