import type { Kysely } from 'kysely';
import { storedCredentialBinding, storedSecretBinding, WindlassError } from '../domain/index.ts';
import { runtimeRows } from './rows.ts';
import { toStoredSecret } from './runtime-store.ts';
import type { Database } from './schema.ts';
import type { StoredSecret } from './stored-secret.ts';
import type { SecretStore } from './stores.ts';

/** @internal Only ciphertext passes through here. */
export function createSecretStore(db: Kysely<Database>): SecretStore {
  return {
    putIfAbsent: (clusterId, name, secret) => putSecret(db, clusterId, name, secret),

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
      const runtimes = await db
        .selectFrom('runtime')
        .selectAll()
        .where('credential_key_id', '<>', keyId)
        .limit(limit)
        .execute();
      const secrets = await db
        .selectFrom('cluster_secret')
        .select(['cluster_id', 'name', 'key_id', 'sealed'])
        .where('key_id', '<>', keyId)
        .limit(Math.max(0, limit - runtimes.length))
        .execute();
      return [
        ...runtimes.flatMap((row) => {
          const secret = toStoredSecret(row);
          const binding = storedCredentialBinding(runtimeRows.fromRow(row));
          return secret === null ? [] : [{ owner: { runtimeId: row.runtime_id }, secret, binding }];
        }),
        ...secrets.map((row) => ({
          owner: { clusterId: row.cluster_id, name: row.name },
          secret: toSecret(row),
          binding: storedSecretBinding(row.cluster_id, row.name),
        })),
      ];
    },

    async replace(row, secret) {
      // Only the value that was read is replaced: one that was changed meanwhile stays.
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

/** @internal Insert if absent: the first value stays. */
export async function putSecret(
  db: Kysely<Database>,
  clusterId: string,
  name: string,
  { keyId, sealed }: StoredSecret,
): Promise<void> {
  await db
    .insertInto('cluster_secret')
    .values({ cluster_id: clusterId, name, key_id: keyId, sealed })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function toSecret(row: { readonly key_id: string; readonly sealed: Uint8Array }): StoredSecret {
  return { keyId: row.key_id, sealed: new Uint8Array(row.sealed) };
}
