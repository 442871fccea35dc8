import { type Kysely, sql } from 'kysely';
import type { ClusterWrapper } from '../domain/index.ts';
import { insertAll } from './bulk.ts';
import { clusterLinkRows, clusterNodeRows, clusterRows } from './rows.ts';
import type { Database } from './schema.ts';
import type { StoredChange } from './stored-change.ts';

/**
 * Makes the rows of a cluster those of `wanted`: cluster, roles, links; new nodes are added, nodes that
 * are not in it are removed. The stored facts of a node stay, and so do the facts of the cluster that only
 * jobs know: its statuses, and whether it was ever active.
 */
export async function storeWanted(db: Kysely<Database>, wanted: ClusterWrapper): Promise<void> {
  const {
    status: _status,
    transitionStatus: _transitionStatus,
    wasActive: _wasActive,
    ...cluster
  } = wanted.cluster;
  const { clusterId } = cluster;
  await db
    .updateTable('cluster')
    .set({ ...clusterRows.toChange(cluster), cluster_id: clusterId })
    .where('cluster_id', '=', clusterId)
    .execute();
  await db.deleteFrom('cluster_role').where('cluster_id', '=', clusterId).execute();
  await insertAll(
    db,
    'cluster_role',
    ['cluster_id', 'role', 'position', 'spec'],
    wanted.roles.map((role, position) => ({ cluster_id: clusterId, role: role.role, position, spec: role })),
  );
  await db.deleteFrom('cluster_link').where('cluster_id', '=', clusterId).execute();
  await insertAll(
    db,
    'cluster_link',
    clusterLinkRows.columns.map(({ name }) => name),
    wanted.links.map((link) => clusterLinkRows.toRecord(link)),
  );
  await keepOnlyNodes(
    db,
    clusterId,
    wanted.nodes.map((node) => node.nodeId),
  );
  await insertAll(
    db,
    'cluster_node',
    [...clusterNodeRows.columns.map(({ name }) => name), 'position'],
    wanted.nodes.map((node, position) => ({ ...clusterNodeRows.toRecord(node), position })),
    'on conflict do nothing',
  );
}

/** Deletes the rows of roles and nodes that have left a cluster. */
export async function removeLeaving(
  db: Kysely<Database>,
  clusterId: string,
  { nodeIds, roles }: StoredChange['leaving'],
): Promise<void> {
  await sql`
    delete from cluster_node where cluster_id = ${clusterId}
      and node_id in (select jsonb_array_elements_text(${JSON.stringify(nodeIds)}::jsonb))
  `.execute(db);
  await sql`
    delete from cluster_role where cluster_id = ${clusterId}
      and role in (select jsonb_array_elements_text(${JSON.stringify(roles)}::jsonb))
  `.execute(db);
}

async function keepOnlyNodes(
  db: Kysely<Database>,
  clusterId: string,
  nodeIds: readonly string[],
): Promise<void> {
  await sql`
    delete from cluster_node where cluster_id = ${clusterId}
      and node_id not in (select jsonb_array_elements_text(${JSON.stringify(nodeIds)}::jsonb))
  `.execute(db);
}
