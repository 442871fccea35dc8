import { type Kysely, sql } from 'kysely';
import { type Runtime, WindlassError } from '../domain/index.ts';
import { isUniqueViolation } from './database-errors.ts';
import { runtimeNotFound } from './not-found.ts';
import { afterLastSeen } from './page.ts';
import { runtimeRows } from './rows.ts';
import type { Database } from './schema.ts';
import type { StoredSecret } from './stored-secret.ts';
import type { RuntimeStore } from './stores.ts';

/** @internal */
export function createRuntimeStore(db: Kysely<Database>): RuntimeStore {
  async function findRow(nameOrId: string) {
    const row = await db
      .selectFrom('runtime')
      .selectAll()
      .where('deleted_at', 'is', null)
      .where((where) => where.or([where('runtime_id', '=', nameOrId), where('name', '=', nameOrId)]))
      .orderBy(sql`runtime_id = ${nameOrId}`, 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) throw runtimeNotFound(nameOrId);
    return row;
  }

  return {
    async create(runtime, credential) {
      try {
        await db
          .insertInto('runtime')
          .values({ ...runtimeRows.toRow(runtime), ...toCredentialColumns(credential), deleted_at: null })
          .onConflict((conflict) => conflict.column('runtime_id').doNothing())
          .execute();
      } catch (error) {
        if (isUniqueViolation(error, 'runtime_name')) throw nameTaken(runtime.name);
        throw error;
      }
      const stored = await db
        .selectFrom('runtime')
        .selectAll()
        .where('runtime_id', '=', runtime.runtimeId)
        .executeTakeFirstOrThrow();
      if (stored.deleted_at !== null) throw runtimeDeleted(runtime.runtimeId);
      return runtimeRows.fromRow(stored);
    },

    async update(runtimeId, change, credential) {
      const columns = {
        ...runtimeRows.toChange(change),
        ...(credential === undefined ? {} : toCredentialColumns(credential)),
      };
      // An empty `set` is not a valid statement; naming the key makes every update one.
      const updated = await db
        .updateTable('runtime')
        .set({ ...columns, runtime_id: runtimeId })
        .where('runtime_id', '=', runtimeId)
        .where('deleted_at', 'is', null)
        .returningAll()
        .executeTakeFirst();
      if (updated === undefined) throw runtimeNotFound(runtimeId);
      return runtimeRows.fromRow(updated);
    },

    async delete(runtimeId) {
      return await db.transaction().execute(async (transaction) => {
        // Waits for clusters that are being stored: they hold the row `for share`.
        const row = await transaction
          .selectFrom('runtime')
          .selectAll()
          .where('runtime_id', '=', runtimeId)
          .forUpdate()
          .executeTakeFirst();
        if (row === undefined) throw runtimeNotFound(runtimeId);
        const runtime = runtimeRows.fromRow(row);
        if (row.deleted_at !== null) return runtime;
        const users = await transaction
          .selectFrom('cluster')
          .select(['name', 'purpose', 'cluster_id'])
          .where('runtime_id', '=', runtimeId)
          .where('status', '<>', 'deleted')
          .orderBy('purpose')
          .orderBy('created_at')
          .limit(4)
          .execute();
        const clusters = users.filter(({ purpose }) => purpose === 'app').map(({ name }) => name);
        if (clusters.length > 0) throw inUse(runtime, clusters);
        // Sorted after the clusters, it appears only if it is alone.
        const [gate] = users;
        if (gate !== undefined) throw hasFrontgate(runtime, gate.cluster_id);
        await transaction
          .updateTable('runtime')
          .set({ deleted_at: sql<string>`now()`, ...toCredentialColumns(null) })
          .where('runtime_id', '=', runtimeId)
          .execute();
        return runtime;
      });
    },

    get: async (nameOrId) => runtimeRows.fromRow(await findRow(nameOrId)),

    async getWithCredential(nameOrId) {
      const row = await findRow(nameOrId);
      return { runtime: runtimeRows.fromRow(row), credential: toStoredSecret(row) };
    },

    async refuseDeleted(runtimeId) {
      const row = await db
        .selectFrom('runtime')
        .select(['deleted_at'])
        .where('runtime_id', '=', runtimeId)
        .executeTakeFirst();
      if (row !== undefined && row.deleted_at !== null) throw runtimeDeleted(runtimeId);
    },

    async list(page) {
      const rows = await db
        .selectFrom('runtime')
        .selectAll()
        .where('deleted_at', 'is', null)
        .where(afterLastSeen('runtime', 'created_at', 'runtime_id', page))
        .orderBy('created_at', 'desc')
        .orderBy('runtime_id', 'desc')
        .limit(page.limit)
        .execute();
      return rows.map(runtimeRows.fromRow);
    },
  };
}

/** The credential of a runtime's row; null if it has none. */
export function toStoredSecret(row: {
  credential_key_id: string | null;
  credential_sealed: Uint8Array | null;
}): StoredSecret | null {
  if (row.credential_key_id === null || row.credential_sealed === null) return null;
  return { keyId: row.credential_key_id, sealed: new Uint8Array(row.credential_sealed) };
}

function toCredentialColumns(credential: StoredSecret | null): {
  credential_key_id: string | null;
  credential_sealed: Uint8Array | null;
} {
  return { credential_key_id: credential?.keyId ?? null, credential_sealed: credential?.sealed ?? null };
}

function nameTaken(name: string): WindlassError {
  return new WindlassError('conflict', `another runtime is named ${JSON.stringify(name)}`, {
    code: 'RUNTIME_NAME_TAKEN',
    hint: 'choose another name, or delete the other runtime first',
    field: 'name',
  });
}

function runtimeDeleted(runtimeId: string): WindlassError {
  return new WindlassError(
    'conflict',
    `runtime ${runtimeId} was deleted: a request that was created for it is not carried out any more`,
    { code: 'RUNTIME_DELETED', hint: 'create a new runtime, with a new request id if you give one' },
  );
}

function inUse(runtime: Runtime, clusters: readonly string[]): WindlassError {
  const named = clusters.slice(0, 3).join(', ') + (clusters.length > 3 ? ', …' : '');
  return new WindlassError(
    'conflict',
    `runtime ${runtime.name} is used by clusters that are not deleted: ${named}`,
    {
      code: 'RUNTIME_IN_USE',
      hint: 'delete these clusters first',
    },
  );
}

function hasFrontgate(runtime: Runtime, clusterId: string): WindlassError {
  return new WindlassError(
    'conflict',
    `runtime ${runtime.name} still has a frontgate, ${clusterId}, which is deleted when no cluster needs it`,
    {
      code: 'RUNTIME_HAS_FRONTGATE',
      hint: `try again in a minute; \`windlass cluster describe ${clusterId}\` and \`windlass job list --cluster ${clusterId}\` show its state`,
    },
  );
}
