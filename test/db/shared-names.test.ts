import { PGlite } from '@electric-sql/pglite';
import { expect, test } from 'vitest';
import { MIGRATIONS } from '../../src/db/migrations/index.ts';

const NAMED = MIGRATIONS.findIndex(({ name }) => name === '0008-whole-and-named');

test('clusters that shared a name before the rule keep it, and nobody joins them', async () => {
  const database = new PGlite();
  const apply = async (migrations: typeof MIGRATIONS): Promise<void> => {
    for (const { statements } of migrations) for (const text of statements) await database.exec(text);
  };
  const insert = (id: string, name: string, status: string, second: number): Promise<unknown> =>
    database.query(
      `insert into cluster select (jsonb_populate_record(null::cluster,
         (select coalesce(jsonb_object_agg(column_name, case data_type when 'boolean' then 'false'::jsonb
            when 'jsonb' then '{}'::jsonb when 'integer' then '0'::jsonb else '""'::jsonb end), '{}')
          from information_schema.columns
          where table_name = 'cluster' and is_nullable = 'NO' and data_type not like 'timestamp%')
         || $1::jsonb)).*`,
      [
        JSON.stringify({
          cluster_id: id,
          name,
          status,
          purpose: 'app',
          runtime_id: 'rt-1',
          created_at: `2026-01-01T00:00:0${second}Z`,
        }),
      ],
    );
  await apply(MIGRATIONS.slice(0, NAMED));
  await database.query(
    `insert into runtime (runtime_id, name, provider, url, zone, settings, account, region, created_at)
     values ('rt-1', 'here', 'local', '', 'z', '{}', 'a', 'r', now())`,
  );
  await insert('cl-3', 'same', 'stopped', 3);
  await insert('cl-1', 'same', 'active', 1);
  await insert('cl-2', 'same', 'failed', 2);
  await insert('cl-0', 'same', 'deleted', 0);
  await insert('cl-4', 'other', 'active', 4);
  await apply(MIGRATIONS.slice(NAMED));
  const { rows } = await database.query<{ cluster_id: string; name: string; name_shared: boolean }>(
    'select cluster_id, name, name_shared from cluster order by cluster_id',
  );
  expect(rows.map((row) => `${row.cluster_id} ${row.name} ${row.name_shared}`)).toEqual([
    'cl-0 same false',
    'cl-1 same false',
    'cl-2 same true',
    'cl-3 same true',
    'cl-4 other false',
  ]);
  for (const name of ['same', 'other']) {
    await expect(insert('cl-5', name, 'pending', 5)).rejects.toThrow(/cluster_living_name/);
  }
  await database.close();
});
