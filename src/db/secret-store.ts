import { type Kysely, sql } from 'kysely';
import { WindlassError } from '../domain/index.ts';
import type { Database } from './schema.ts';
import type { SecretRow, SecretStore, StoredSecret } from './stores.ts';

/** @internal Only ciphertext passes here. */
export function createSecretStore(db: Kysely<Database>): SecretStore {
  return {
    async putIfAbsent(clusterId, name, secret) {
      await db
        .insertInto('cluster_secret')
        .values({ cluster_id: clusterId, name, key_id: secret.keyId, sealed: secret.sealed })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async get(clusterId, name) {
      const row = await db
        .selectFrom('cluster_secret')
        .select(['key_id', 'sealed'])
        .where('cluster_id', '=', clusterId)
        .where('name', '=', name)
        .executeTakeFirst();
      if (row === undefined) {
        throw new WindlassError('not-found', `cluster ${clusterId} has no secret ${JSON.stringify(name)}`, {
          code: 'SECRET_NOT_FOUND',
        });
      }
      return toSecret(row);
    },

    async list(clusterId) {
      const rows = await db
        .selectFrom('cluster_secret')
        .select(['name', 'key_id', 'sealed'])
        .where('cluster_id', '=', clusterId)
        .orderBy('name')
        .execute();
      return rows.map((row) => ({ name: row.name, secret: toSecret(row) }));
    },

    async deleteAll(clusterId) {
      await db.deleteFrom('cluster_secret').where('cluster_id', '=', clusterId).execute();
    },

    async listNotUnder(keyId, limit) {
      const { rows } = await sql<StoredRow>`
        select runtime_id, null as cluster_id, null as name, credential_key_id as key_id, credential_sealed as sealed
        from runtime where credential_key_id <> ${keyId}
        union all
        select null, cluster_id, name, key_id, sealed from cluster_secret where key_id <> ${keyId}
        limit ${limit}
      `.execute(db);
      return rows.map(toSecretRow);
    },

    async replace(row, secret) {
      // Only what was read is replaced: a value that was changed meanwhile stays.
      if ('runtimeId' in row.owner) {
        await db
          .updateTable('runtime')
          .set({ credential_key_id: secret.keyId, credential_sealed: secret.sealed })
          .where('runtime_id', '=', row.owner.runtimeId)
          .where('credential_sealed', '=', row.secret.sealed)
          .execute();
      } else {
        await db
          .updateTable('cluster_secret')
          .set({ key_id: secret.keyId, sealed: secret.sealed })
          .where('cluster_id', '=', row.owner.clusterId)
          .where('name', '=', row.owner.name)
          .where('sealed', '=', row.secret.sealed)
          .execute();
      }
    },
  };
}

interface StoredRow {
  readonly runtime_id: string | null;
  readonly cluster_id: string | null;
  readonly name: string | null;
  readonly key_id: string;
  readonly sealed: Uint8Array;
}

function toSecretRow(row: StoredRow): SecretRow {
  const owner =
    row.runtime_id === null
      ? { clusterId: row.cluster_id ?? '', name: row.name ?? '' }
      : { runtimeId: row.runtime_id };
  return { owner, secret: toSecret(row) };
}

function toSecret(row: { readonly key_id: string; readonly sealed: Uint8Array }): StoredSecret {
  return { keyId: row.key_id, sealed: new Uint8Array(row.sealed) };
}
