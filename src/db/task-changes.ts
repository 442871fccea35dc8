import { type Kysely, sql } from 'kysely';
import {
  isOpenJobStatus,
  type JobStatus,
  OPEN_JOB_STATUSES,
  type TaskStatus,
  type WindlassError,
  type Lease,
} from '../domain/index.ts';
import { assignments } from './bulk.ts';
import { CHANGEABLE_NODE_COLUMNS } from './cluster-store.ts';
import { leaseLost } from './leases.ts';
import { jobNotOpen, notFound } from './not-found.ts';
import { toJson } from './row-mapping.ts';
import { clusterNodeRows } from './rows.ts';
import type { Database } from './schema.ts';
import type { TaskChanges } from './job-stores.ts';

export interface ChangesToStore {
  readonly taskId: string;
  readonly changes: TaskChanges;
  readonly leases: readonly Lease[];
  /** Whether the leases are released in the same statement. */
  readonly release: boolean;
  /** Null while the task continues. `error` is json text. */
  readonly end: {
    readonly status: TaskStatus;
    readonly at: string;
    readonly observation: string | null;
    readonly error: string | null;
  } | null;
}

/**
 * Stores what a task changed, and its end if it has one: one statement, so one round trip and all or
 * nothing. Only while the job is open, every lease is held and everything named exists; for an ending task
 * only if it has not ended. A resource's state never goes backwards; the next generation of one that is
 * gone may begin in the same statement. A task that ends successfully gives the resources that it changed
 * the spec that its claims name.
 *
 * The conditions lock the rows that they read (the job first, as everywhere), so that neither a closing
 * job nor a takeover of a lease can come in between.
 *
 * Returns whether it was stored; false if the task had ended before.
 *
 * @throws conflict `JOB_NOT_OPEN`, `LEASE_LOST`; not-found `TASK_NOT_FOUND`, `RESOURCE_NOT_FOUND`,
 * `NODE_NOT_FOUND`.
 */
export async function storeChanges(db: Kysely<Database>, request: ChangesToStore): Promise<boolean> {
  const { taskId, changes, leases, release, end } = request;
  const resources = (changes.resources ?? []).map(({ token, state, cloudId, attributes }) => ({
    token,
    state,
    cloud_id: cloudId ?? null,
    attributes: attributes ?? null,
  }));
  const node =
    changes.node === undefined
      ? null
      : { node_id: changes.node.nodeId, value: clusterNodeRows.toRecord(changes.node.change) };
  // Compared with the row when it is written, not when the statement began.
  const counts = sql`coalesce(array_position(${STATE_ORDER}, news.state)
    >= array_position(${STATE_ORDER}, resource.state), false)`;
  const { rows } = await sql<Outcome>`
    with open_job as (
      select job_id, status from job where job_id = (select job_id from task where task_id = ${taskId}) for share
    ),
    open_task as (
      select task.task_id, task.job_id, task.cluster_id, task.ended_at, open_job.status as job_status
      from task join open_job on open_job.job_id = task.job_id
      where task.task_id = ${taskId}
      for update of task
    ),
    lease as (select * from jsonb_to_recordset(${toJson(leases)}::jsonb) as l (token text, holder text, fence integer)),
    held as (
      select resource.token from resource join lease using (token)
      where resource.holder = lease.holder and resource.fence = lease.fence
      order by resource.token
      for update of resource
    ),
    changed as (
      select * from jsonb_to_recordset(${toJson(resources)}::jsonb)
        as r (token text, state text, cloud_id text, attributes jsonb)
    ),
    change as (
      select * from jsonb_to_recordset(${toJson(node === null ? [] : [node])}::jsonb) as n (node_id text, value jsonb)
    ),
    lost as (select token from lease where token not in (select token from held) limit 1),
    unknown_resource as (
      select changed.token from changed, open_task
      where not exists (
        select 1 from resource where resource.token = changed.token and resource.cluster_id = open_task.cluster_id
      ) limit 1
    ),
    unknown_node as (
      select change.node_id from change, open_task
      where not exists (
        select 1 from cluster_node where cluster_node.node_id = change.node_id and cluster_node.cluster_id = open_task.cluster_id
      ) limit 1
    ),
    allowed as (
      select task_id, job_id, cluster_id from open_task
      where job_status = any(${OPEN_JOB_STATUSES})
        and (ended_at is null or not ${end !== null}::boolean)
        and not exists (select 1 from lost)
        and not exists (select 1 from unknown_resource)
        and not exists (select 1 from unknown_node)
    ),
    stored_end as (
      update task set status = ${end?.status ?? null}::text, ended_at = ${end?.at ?? null}::timestamptz,
        started_at = coalesce(task.started_at, ${end?.at ?? null}::timestamptz),
        observation = coalesce(${end?.observation ?? null}::text, task.observation),
        error = ${end?.error ?? null}::jsonb
      from allowed where task.task_id = allowed.task_id and ${end !== null}::boolean
    ),
    given_back as (select token from held where ${release}::boolean),
    respecified as (
      select distinct on (resource.kind) resource.token, claim.spec
      from open_task
      join task using (task_id)
      cross join jsonb_to_recordset(task.resources) as claim (kind text, intent text, spec jsonb)
      join resource on resource.cluster_id = task.cluster_id and resource.node_id = coalesce(task.node_id, '')
        and resource.kind = claim.kind
      where claim.intent = 'change' and ${end?.status === 'successful'}::boolean
      order by resource.kind, resource.generation desc
    ),
    news as (
      select token, changed.state, changed.cloud_id, changed.attributes, respecified.spec,
        given_back.token is not null as is_free
      from changed full join respecified using (token) full join given_back using (token)
    ),
    stored_resources as (
      update resource set
        state = case when ${counts} then news.state else resource.state end,
        cloud_id = case when ${counts} then coalesce(news.cloud_id, resource.cloud_id) else resource.cloud_id end,
        attributes = case when ${counts} then coalesce(news.attributes, resource.attributes) else resource.attributes end,
        spec = coalesce(news.spec, resource.spec),
        holder = case when news.is_free then '' else resource.holder end,
        lease_until = case when news.is_free then null else resource.lease_until end
      from news, allowed
      where resource.token = news.token
    ),
    next as (
      select * from jsonb_to_recordset(${toJson(changes.next ?? [])}::jsonb) as n (token text, attributes jsonb)
    ),
    stored_next as (
      insert into resource (token, cluster_id, node_id, kind, generation, spec, made_by_job, cloud_id,
        state, attributes, holder, fence, lease_until)
      select regexp_replace(resource.token, '[0-9]+$', (resource.generation + 1)::text), resource.cluster_id,
        resource.node_id, resource.kind, resource.generation + 1, resource.spec, allowed.job_id, '',
        'intended', next.attributes, '', 0, null
      from next join resource using (token), allowed
      where next.token in (select token from changed where state = 'gone')
      on conflict do nothing
    ),
    stored_node as (
      update cluster_node set ${assignments('cluster_node', CHANGEABLE_NODE_COLUMNS)}
      from change, allowed where cluster_node.node_id = change.node_id
    ),
    stored_metadata as (
      update cluster set metadata = ${toMetadataText(changes)}::jsonb
      from allowed where cluster.cluster_id = allowed.cluster_id and ${changes.metadata !== undefined}::boolean
    )
    select open_job.job_id, open_job.status as job_status, open_task.ended_at is not null as ended,
      (select token from lost) as lost, (select token from unknown_resource) as unknown_resource,
      (select node_id from unknown_node) as unknown_node
    from open_job join open_task on true
  `.execute(db);
  const [outcome] = rows;
  if (outcome === undefined) throw taskNotFound(taskId);
  if (!isOpenJobStatus(outcome.job_status)) throw jobNotOpen(outcome.job_id, outcome.job_status);
  if (end !== null && outcome.ended) return false;
  if (outcome.lost !== null) throw leaseLost(outcome.lost);
  if (outcome.unknown_resource !== null) {
    throw notFound(
      'resource',
      outcome.unknown_resource,
      'RESOURCE_NOT_FOUND',
      'a provider reports only tokens of its task’s cluster',
    );
  }
  if (outcome.unknown_node !== null) throw notFound('node', outcome.unknown_node, 'NODE_NOT_FOUND');
  return true;
}

const STATE_ORDER = sql`array['intended', 'made', 'gone']`;

interface Outcome {
  readonly job_id: string;
  readonly job_status: JobStatus;
  readonly ended: boolean;
  readonly lost: string | null;
  readonly unknown_resource: string | null;
  readonly unknown_node: string | null;
}

export function taskNotFound(taskId: string): WindlassError {
  return notFound('task', taskId, 'TASK_NOT_FOUND');
}

function toMetadataText(changes: TaskChanges): string | null {
  return changes.metadata === undefined || changes.metadata === null ? null : toJson(changes.metadata);
}
