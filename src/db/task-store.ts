import { type Kysely, sql } from 'kysely';
import type {
  Cluster,
  ClusterNode,
  ClusterRole,
  CommandRequest,
  Job,
  LedgerResource,
  TaskAction,
  Runtime,
  StoredTask,
  TaskStatus,
} from '../domain/index.ts';
import {
  isOpenJobStatus,
  OPEN_JOB_STATUSES,
  takesTaskCommand,
  toPastEnd,
  WindlassError,
} from '../domain/index.ts';
import { carryOut } from './job-commands.ts';
import { jobNotOpen } from './not-found.ts';
import { type Row, toJson, toStorableText } from './row-mapping.ts';
import { clusterNodeRows, clusterRows, jobRows, resourceRows, runtimeRows, taskRows } from './rows.ts';
import { toStoredSecret } from './runtime-store.ts';
import type { Database } from './schema.ts';
import type { LayerCount, TaskStore } from './job-stores.ts';
import { storeChanges, taskNotFound } from './task-changes.ts';

/** @internal */
export function createTaskStore(db: Kysely<Database>): TaskStore {
  return {
    async loadSlice(jobId, { step, of, from, to }) {
      const position = of === 'lanes' ? 'task.lane' : 'task.index';
      const rows = await db
        .selectFrom('task')
        .innerJoin('job', 'job.job_id', 'task.job_id')
        .innerJoin('job_layer', (join) =>
          join
            .onRef('job_layer.job_id', '=', 'task.job_id')
            .onRef('job_layer.index', '=', 'task.layer_index'),
        )
        .select(['task_id', 'task.action as action', 'label', 'failure_allowed'])
        .select(['job.status as job_status', 'task.status as task_status', 'lane', 'layer_index'])
        .where('task.job_id', '=', jobId)
        .where('job_layer.step', '=', step)
        .where(position, '>=', from)
        .where(position, '<', to)
        .orderBy('lane')
        .orderBy('layer_index')
        .orderBy('task.index')
        .execute();
      const closed = rows.find((row) => !isOpenJobStatus(row.job_status));
      if (closed !== undefined) throw jobNotOpen(jobId, closed.job_status);
      const left = rows.filter((row) => !isDone(row.task_status, row.failure_allowed));
      return groupBy(left, (row) => row.lane ?? 0).map((lane) =>
        groupBy(lane, (row) => row.layer_index).map((layer) =>
          layer.map((row) => ({
            taskId: row.task_id,
            action: row.action,
            label: row.label,
            failureAllowed: row.failure_allowed,
          })),
        ),
      );
    },

    async list(jobId, layerIndex) {
      const rows = await db
        .selectFrom('task')
        .selectAll()
        .where('job_id', '=', jobId)
        .$if(layerIndex !== undefined, (query) => query.where('layer_index', '=', layerIndex ?? 0))
        .orderBy('layer_index')
        .orderBy('index')
        .execute();
      return rows.map(taskRows.fromRow);
    },

    async listByStatus(jobId, statuses) {
      const rows = await db
        .selectFrom('task')
        .selectAll()
        .where('job_id', '=', jobId)
        .where('status', 'in', [...statuses])
        .orderBy('layer_index')
        .orderBy('index')
        .execute();
      return rows.map(taskRows.fromRow);
    },

    async listUnsuccessful(jobId) {
      const rows = await db
        .selectFrom('task')
        .selectAll()
        .where('job_id', '=', jobId)
        .where('started_at', 'is not', null)
        .where('status', '!=', 'successful')
        .orderBy('layer_index')
        .orderBy('index')
        .execute();
      return rows.map(taskRows.fromRow);
    },

    async listPast(clusterId, actions) {
      const rows = await db
        .selectFrom('task')
        .innerJoin('job', 'job.job_id', 'task.job_id')
        .select(['task_id', 'round', 'node_id', 'label', 'task.action', 'task.status', 'task.started_at'])
        .select(sql<string | null>`task.error ->> 'code'`.as('error_code'))
        .where('task.cluster_id', '=', clusterId)
        .where('task.action', 'in', actions)
        // A successful start has completed all once-only steps that were open before it. If an earlier
        // release ran it without doing so, the cluster may have been repaired by hand and may hold data.
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('job as later')
                .select('later.job_id')
                .whereRef('later.cluster_id', '=', 'job.cluster_id')
                .whereRef('later.started_at', '>', 'job.started_at')
                .where('later.action', '=', 'start')
                .where('later.status', '=', 'successful'),
            ),
          ),
        )
        .orderBy('job.started_at')
        .orderBy('task.job_id')
        .orderBy('layer_index')
        .orderBy('index')
        .execute();
      return rows.map((row) => {
        const action = row.action as TaskAction;
        const { task_id: taskId, round, node_id: nodeId, label, status } = row;
        const end = toPastEnd({ action, status, startedAt: row.started_at, errorCode: row.error_code });
        return { taskId, round, nodeId, label, action, end };
      });
    },

    async countByLayer(jobId) {
      const { rows } = await sql<LayerCount>`
        select layer_index as "layerIndex",
          (count(*) filter (where status = 'successful'))::integer as done,
          (count(*) filter (where status = 'failed'))::integer as failed,
          (count(*) filter (where status = 'skipped' and started_at is not null))::integer as skipped
        from task where job_id = ${jobId} group by layer_index order by layer_index
      `.execute(db);
      return rows;
    },

    async loadWithContext(taskId, beginAt) {
      const { rows } = await selectWithContext(taskId, beginAt ?? null).execute(db);
      const [row] = rows;
      if (row === undefined) throw taskNotFound(taskId);
      const job = jobRows.fromRow(row.job);
      if (!isOpenJobStatus(job.status)) throw jobNotOpen(job.jobId, job.status);
      const task = taskRows.fromRow(row.task);
      return {
        // The returned row is from the beginning of the statement.
        task:
          row.begun && beginAt !== undefined
            ? { ...task, status: 'working', startedAt: task.startedAt ?? beginAt }
            : task,
        job,
        runtime: runtimeRows.fromRow(row.runtime),
        credential: toStoredSecret(row),
        cluster: clusterRows.fromRow(row.cluster),
        wrapper: {
          nodes: row.node === null ? [] : [clusterNodeRows.fromRow(row.node)],
          roles: row.role === null ? [] : [row.role],
        },
        resources: row.resources.map(resourceRows.fromRow),
      };
    },

    async recordFailure(taskId, error) {
      const result = await db
        .updateTable('task')
        .set((update) => ({ failures: update('failures', '+', 1), ...taskRows.toChange({ error }) }))
        .where('task_id', '=', taskId)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) await assertTaskExists(db, taskId);
    },

    async end(taskId, end) {
      return await storeChanges(db, {
        taskId,
        changes: end.changes ?? {},
        leases: end.leases ?? [],
        release: end.release ?? false,
        end: {
          status: end.status,
          at: end.at,
          observation: end.observation === undefined ? null : toStorableText(end.observation),
          error: end.error === undefined ? null : toJson(end.error),
        },
      });
    },

    async applyChanges(taskId, changes, leases, release = false) {
      await storeChanges(db, { taskId, changes, leases, release, end: null });
    },

    async reopen(taskId, request) {
      return await commandTask(db, taskId, 'retry', request, async (transaction) => {
        await transaction
          .updateTable('task')
          .set((update) => ({
            ...taskRows.toChange({
              status: 'queued',
              failures: 0,
              observation: null,
              error: null,
              endedAt: null,
            }),
            round: update('round', '+', 1),
          }))
          .where('task_id', '=', taskId)
          .execute();
      });
    },

    async skip(taskId, request) {
      return await commandTask(db, taskId, 'skip', request, async (transaction) => {
        await transaction
          .updateTable('task')
          .set(taskRows.toChange({ status: 'skipped', endedAt: request.at }))
          .where('task_id', '=', taskId)
          .execute();
      });
    },
  };
}

/** Carries out a command to a failed task, and returns the task afterwards. */
async function commandTask(
  db: Kysely<Database>,
  taskId: string,
  command: 'retry' | 'skip',
  request: CommandRequest,
  work: (transaction: Kysely<Database>) => Promise<void>,
): Promise<StoredTask> {
  const { jobId } = await getTask(db, taskId);
  await carryOut(db, { ...request, jobId, taskId, command }, async (transaction) => {
    const row = await transaction
      .selectFrom('task')
      .select('status')
      .where('task_id', '=', taskId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw taskNotFound(taskId);
    if (!takesTaskCommand(command, row.status)) throw taskNotFailed(taskId, row.status);
    await work(transaction);
  });
  return await getTask(db, taskId);
}

async function getTask(db: Kysely<Database>, taskId: string): Promise<StoredTask> {
  const row = await db.selectFrom('task').selectAll().where('task_id', '=', taskId).executeTakeFirst();
  if (row === undefined) throw taskNotFound(taskId);
  return taskRows.fromRow(row);
}

function taskNotFailed(taskId: string, status: string): WindlassError {
  return new WindlassError(
    'conflict',
    `task ${taskId} is ${status}: only a task that has failed is retried or skipped`,
    { code: 'TASK_NOT_FAILED' },
  );
}

/** Whether a job has nothing more to do for a task. One that has failed for good is met again. */
function isDone(status: TaskStatus, failureAllowed: boolean): boolean {
  return status === 'successful' || status === 'skipped' || (status === 'failed' && failureAllowed);
}

/** Groups rows by key, in their order. */
function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => number): readonly (readonly Row[])[] {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

interface TaskContextRow {
  readonly begun: boolean;
  readonly task: Row<StoredTask>;
  readonly job: Row<Job>;
  readonly runtime: Row<Runtime>;
  readonly credential_key_id: string | null;
  readonly credential_sealed: Uint8Array | null;
  readonly cluster: Row<Cluster>;
  readonly node: Row<ClusterNode> | null;
  readonly role: ClusterRole | null;
  readonly resources: readonly Row<LedgerResource>[];
}

/**
 * One round trip, with only the task's own node and role of the cluster: every activity begins with it.
 * Nodes of a replica role are described by the role that they copy.
 */
function selectWithContext(taskId: string, beginAt: string | null): ReturnType<typeof sql<TaskContextRow>> {
  return sql<TaskContextRow>`
    with begun as (
      update task set status = 'working', started_at = coalesce(task.started_at, ${beginAt}::timestamptz)
      from job
      where task.task_id = ${taskId} and task.status = 'queued' and ${beginAt}::timestamptz is not null
        and job.job_id = task.job_id and job.status = any(${OPEN_JOB_STATUSES})
      returning task.task_id
    )
    select exists (select 1 from begun) as begun, to_jsonb(t) as task, to_jsonb(j) as job,
      to_jsonb(u) - 'credential_key_id' - 'credential_sealed' as runtime, u.credential_key_id, u.credential_sealed,
      to_jsonb(c) - 'metadata' as cluster, to_jsonb(n) as node,
      (
        select r.spec from cluster_role r
        where r.cluster_id = n.cluster_id and (r.role = n.role or (n.is_replica and r.role || '-replica' = n.role))
        order by r.role = n.role desc limit 1
      ) as role,
      (
        select coalesce(jsonb_agg(to_jsonb(newest) order by newest.kind), '[]') from (
          select distinct on (kind) token, cluster_id, node_id, kind, generation, spec, made_by_job, cloud_id, state, attributes
          from resource
          where resource.cluster_id = t.cluster_id and resource.node_id = coalesce(t.node_id, '')
          order by kind, generation desc
        ) as newest
      ) as resources
    from task t
    join job j on j.job_id = t.job_id
    join cluster c on c.cluster_id = t.cluster_id
    join runtime u on u.runtime_id = c.runtime_id
    left join cluster_node n on n.node_id = t.node_id and n.cluster_id = t.cluster_id
    where t.task_id = ${taskId}
  `;
}

async function assertTaskExists(db: Kysely<Database>, taskId: string): Promise<void> {
  const row = await db.selectFrom('task').select('task_id').where('task_id', '=', taskId).executeTakeFirst();
  if (row === undefined) throw taskNotFound(taskId);
}
