import { type Kysely, sql } from 'kysely';
import { listJobActions, OPEN_JOB_STATUSES, type Reserved } from '../domain/index.ts';
import type { Database } from './schema.ts';

/** Jobs that create missing resources; missing resources of other jobs' nodes stay missing. */
const MAKING_ACTIONS = listJobActions(({ needs }) => needs === 'new');

/**
 * Sums what clusters of an account will create and have not created yet: the instance and each volume of
 * their nodes whose newest ledger row is not `made`, if a job that creates them is open.
 */
export async function sumReserved(
  db: Kysely<Database>,
  scope: { readonly provider: string; readonly account: string; readonly region: string },
  exceptClusterId: string,
): Promise<Reserved> {
  const { rows } = await sql<Reserved>`
    with node as (
      select n.cluster_id, n.node_id, r.spec
      from job j
      join cluster c using (cluster_id)
      join runtime u on u.runtime_id = c.runtime_id
      join cluster_node n using (cluster_id)
      join cluster_role r on r.cluster_id = n.cluster_id
        and r.role = case when n.is_replica and not exists (
          select 1 from cluster_role own where own.cluster_id = n.cluster_id and own.role = n.role
        ) then regexp_replace(n.role, '-replica$', '') else n.role end
      where j.status = any(${OPEN_JOB_STATUSES}) and j.action = any(${MAKING_ACTIONS})
        and u.provider = ${scope.provider} and u.account = ${scope.account} and u.region = ${scope.region}
        and c.cluster_id <> ${exceptClusterId} and n.status <> 'deleted'
    ),
    made as (select cluster_id, node_id, kind from resource where state = 'made'),
    instance as (
      select spec from node where not exists (
        select 1 from made where made.cluster_id = node.cluster_id and made.node_id = node.node_id and made.kind = 'instance'
      )
    ),
    volume as (
      select (v.value ->> 'sizeGiB')::numeric as size_gib
      from node, jsonb_array_elements(node.spec -> 'volumes') as v
      where not exists (
        select 1 from made where made.cluster_id = node.cluster_id and made.node_id = node.node_id
          and made.kind = 'volume-' || (v.value ->> 'index')
      )
    )
    select
      (select count(*) from instance) as instances,
      (select coalesce(sum((spec ->> 'cpu')::numeric), 0) from instance)::float8 as cpu,
      (select coalesce(sum((spec ->> 'memoryMiB')::numeric), 0) from instance)::float8 as "memoryMiB",
      (select coalesce(sum((spec ->> 'gpu')::numeric), 0) from instance)::float8 as gpu,
      (select count(*) from volume) as volumes,
      (select coalesce(sum(size_gib), 0) from volume)::float8 as "volumeGiB"
  `.execute(db);
  const [sums] = rows;
  if (sums === undefined) throw new Error('a sum without a row');
  return sums;
}
