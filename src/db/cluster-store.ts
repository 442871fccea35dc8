import { type Kysely, sql } from 'kysely';
import {
  type Cluster,
  type ClusterLink,
  type ClusterNode,
  type ClusterRole,
  type ClusterWrapper,
  WindlassError,
} from '../domain/index.ts';
import { holdVersion } from './app-store.ts';
import { assignments, insertAll } from './bulk.ts';
import { isNameConflict, listNamesLike, nameJustFreed, requireFreeName } from './living-names.ts';
import { clusterNotFound, notFound, runtimeNotFound } from './not-found.ts';
import { afterLastSeen } from './page.ts';
import { sumReserved } from './reserved.ts';
import { type Row, toJson } from './row-mapping.ts';
import { clusterLinkRows, clusterNodeRows, clusterRows } from './rows.ts';
import type { Database } from './schema.ts';
import type { ClusterStore } from './stores.ts';

/** @internal */
export function createClusterStore(db: Kysely<Database>): ClusterStore {
  return {
    create: (wrapper) =>
      explainNameConflict(db, wrapper, () =>
        db.transaction().execute((transaction) => storeCluster(transaction, wrapper)),
      ),

    requireFreeName: (name, clusterId) => requireFreeName(db, name, clusterId),
    listNamesLike: (name, clusterId) => listNamesLike(db, name, clusterId),

    async resolve(idOrName) {
      const rows = await db
        .selectFrom('cluster')
        .selectAll()
        .where((where) =>
          where.or([
            where('cluster_id', '=', idOrName),
            where.and([where('name', '=', idOrName), where('status', '<>', 'deleted')]),
          ]),
        )
        .orderBy('created_at')
        .execute();
      const byId = rows.find((row) => row.cluster_id === idOrName);
      const found = byId ?? rows[0];
      if (found === undefined) throw clusterNotFound(idOrName);
      if (byId === undefined && rows.length > 1)
        throw nameAmbiguous(
          idOrName,
          rows.map((row) => row.cluster_id),
        );
      return clusterRows.fromRow(found);
    },

    async load(clusterId) {
      const { rows } = await sql<{
        cluster: Row<Cluster>;
        roles: readonly ClusterRole[];
        nodes: readonly Row<ClusterNode>[];
        links: readonly Row<ClusterLink>[];
      }>`
        select to_jsonb(c) as cluster,
          (select coalesce(jsonb_agg(r.spec order by r.position), '[]') from cluster_role r where r.cluster_id = c.cluster_id) as roles,
          (select coalesce(jsonb_agg(to_jsonb(n) order by n.position, n.node_id), '[]')
            from cluster_node n where n.cluster_id = c.cluster_id) as nodes,
          (select coalesce(jsonb_agg(to_jsonb(l) order by l.name), '[]') from cluster_link l where l.cluster_id = c.cluster_id) as links
        from cluster c where c.cluster_id = ${clusterId}
      `.execute(db);
      const [row] = rows;
      if (row === undefined) throw clusterNotFound(clusterId);
      return {
        cluster: clusterRows.fromRow(row.cluster),
        roles: row.roles,
        nodes: row.nodes.map(clusterNodeRows.fromRow),
        links: row.links.map(clusterLinkRows.fromRow),
      };
    },

    async list(page) {
      const rows = await db
        .selectFrom('cluster')
        .innerJoin('runtime', 'runtime.runtime_id', 'cluster.runtime_id')
        .selectAll('cluster')
        .select('runtime.name as runtime_name')
        .select((select) =>
          select
            .selectFrom('cluster_node')
            .whereRef('cluster_node.cluster_id', '=', 'cluster.cluster_id')
            .where('cluster_node.status', '<>', 'deleted')
            .select((count) => count.fn.countAll<number>().as('count'))
            .as('node_count'),
        )
        .where(page.includeDeleted === true ? sql<boolean>`true` : sql<boolean>`cluster.status <> 'deleted'`)
        .where(page.includeFrontgates === true ? sql<boolean>`true` : sql<boolean>`cluster.purpose = 'app'`)
        .where(afterLastSeen('cluster', 'created_at', 'cluster_id', page))
        .orderBy('cluster.created_at', 'desc')
        .orderBy('cluster.cluster_id', 'desc')
        .limit(page.limit)
        .execute();
      return rows.map((row) => ({
        ...clusterRows.fromRow(row),
        nodeCount: row.node_count ?? 0,
        runtimeName: row.runtime_name,
      }));
    },

    async setStatus(clusterId, change) {
      const result = await db
        .updateTable('cluster')
        .set({ ...clusterRows.toChange(change), cluster_id: clusterId })
        .where('cluster_id', '=', clusterId)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw clusterNotFound(clusterId);
    },

    async updateNodes(clusterId, changes) {
      if (changes.length === 0) return;
      const records = changes.map(({ nodeId, change }) => ({
        node_id: nodeId,
        value: clusterNodeRows.toRecord(change),
      }));
      await db.transaction().execute(async (transaction) => {
        const { rows } = await sql<{ node_id: string }>`
          update cluster_node set ${assignments('cluster_node', CHANGEABLE_NODE_COLUMNS)}
          from jsonb_to_recordset(${toJson(records)}::jsonb) as change (node_id text, value jsonb)
          where cluster_node.node_id = change.node_id and cluster_node.cluster_id = ${clusterId}
          returning cluster_node.node_id
        `.execute(transaction);
        const updated = new Set(rows.map((row) => row.node_id));
        const missing = changes.find(({ nodeId }) => !updated.has(nodeId));
        if (missing !== undefined)
          throw notFound(`node of cluster ${clusterId}`, missing.nodeId, 'NODE_NOT_FOUND');
      });
    },

    async getMetadata(clusterId) {
      const row = await db
        .selectFrom('cluster')
        .select('metadata')
        .where('cluster_id', '=', clusterId)
        .executeTakeFirst();
      if (row === undefined) throw clusterNotFound(clusterId);
      return row.metadata;
    },

    async forget(clusterId) {
      await db.transaction().execute(async (transaction) => {
        const cluster = await transaction
          .selectFrom('cluster')
          .select('status')
          .where('cluster_id', '=', clusterId)
          .forUpdate()
          .executeTakeFirst();
        if (cluster !== undefined) await requireGone(transaction, clusterId, cluster.status);
        await transaction.deleteFrom('cluster').where('cluster_id', '=', clusterId).execute();
        await transaction.deleteFrom('cluster_secret').where('cluster_id', '=', clusterId).execute();
      });
    },

    async listMetadata(clusterId, { neighbours }) {
      // The row's own version shows every change, without reading the tree.
      const { rows } = await sql<{ cluster_id: string; version: string; links: readonly string[] }>`
        select c.cluster_id, c.xmin::text || '/' || c.ctid::text as version,
          (
            select coalesce(jsonb_agg(l.name order by l.name), '[]') from cluster_link l
            where l.cluster_id = ${clusterId} and l.target_cluster_id = c.cluster_id
          ) as links
        from cluster c
        where c.metadata is not null
          and c.runtime_id = (select runtime_id from cluster where cluster_id = ${clusterId})
          and (
            c.cluster_id = ${clusterId}
            or exists (select 1 from cluster_link l where l.cluster_id = ${clusterId} and l.target_cluster_id = c.cluster_id)
            or (${neighbours}::boolean and c.purpose = 'app')
          )
        order by c.cluster_id
      `.execute(db);
      return rows.map((row) => ({ clusterId: row.cluster_id, version: row.version, links: row.links }));
    },

    reservedBy: (scope, exceptClusterId) => sumReserved(db, scope, exceptClusterId),
  };
}

/** The fields of a node that may change; its identity does not. */
export const CHANGEABLE_NODE_COLUMNS = clusterNodeRows.columns.filter(
  ({ name }) => name !== 'node_id' && name !== 'cluster_id',
);

/**
 * Says what is wrong where the cluster could not be stored because of its name.
 *
 * @internal
 * @throws conflict `CLUSTER_NAME_TAKEN`; unavailable `CLUSTER_NAME_BUSY`; whatever else `store` throws.
 */
export async function explainNameConflict<Answer>(
  db: Kysely<Database>,
  { cluster }: ClusterWrapper,
  store: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await store();
  } catch (error) {
    if (!isNameConflict(error)) throw error;
    await requireFreeName(db, cluster.name, cluster.clusterId);
    // The cluster that had the name has been deleted since.
    throw nameJustFreed();
  }
}

/** @internal Stores all rows of a cluster; one that is stored already stays as it is. */
export async function storeCluster(transaction: Kysely<Database>, wrapper: ClusterWrapper): Promise<void> {
  const { cluster } = wrapper;
  // Held until the cluster is stored, so that the runtime is not deleted meanwhile.
  const runtime = await transaction
    .selectFrom('runtime')
    .select('runtime_id')
    .where('runtime_id', '=', cluster.runtimeId)
    .where('deleted_at', 'is', null)
    .forShare()
    .executeTakeFirst();
  if (runtime === undefined) throw runtimeNotFound(cluster.runtimeId);
  if (cluster.purpose === 'app') await holdVersion(transaction, cluster.versionId);
  const inserted = await transaction
    .insertInto('cluster')
    .values({ ...clusterRows.toRow(cluster), metadata: null })
    .onConflict((conflict) => conflict.column('cluster_id').doNothing())
    .returning('cluster_id')
    .executeTakeFirst();
  if (inserted === undefined) return;
  await insertAll(
    transaction,
    'cluster_role',
    ['cluster_id', 'role', 'position', 'spec'],
    wrapper.roles.map((role, position) => ({
      cluster_id: cluster.clusterId,
      role: role.role,
      position,
      spec: role,
    })),
  );
  await insertAll(
    transaction,
    'cluster_node',
    [...clusterNodeRows.columns.map(({ name }) => name), 'position'],
    wrapper.nodes.map((node, position) => ({ ...clusterNodeRows.toRecord(node), position })),
  );
  await insertAll(
    transaction,
    'cluster_link',
    clusterLinkRows.columns.map(({ name }) => name),
    wrapper.links.map((link) => clusterLinkRows.toRecord(link)),
  );
}

async function requireGone(db: Kysely<Database>, clusterId: string, status: string): Promise<void> {
  const live = await db
    .selectFrom('resource')
    .select(['token', 'state'])
    .where('cluster_id', '=', clusterId)
    .where('state', '<>', 'gone')
    .orderBy('token')
    .executeTakeFirst();
  if (status === 'deleted' && live === undefined) return;
  const reason = live === undefined ? `it is ${status}` : `${live.token} is ${live.state}, not gone`;
  throw new WindlassError('conflict', `cluster ${clusterId} cannot be forgotten: ${reason}`, {
    code: 'CLUSTER_NOT_GONE',
    hint: `delete it first: windlass cluster delete ${clusterId}`,
  });
}

function nameAmbiguous(name: string, clusterIds: readonly string[]): WindlassError {
  return new WindlassError('conflict', `${clusterIds.length} clusters are named ${JSON.stringify(name)}`, {
    code: 'CLUSTER_NAME_AMBIGUOUS',
    hint: `use an id: ${clusterIds.slice(0, 5).join(', ')}`,
  });
}
