import { type Kysely, sql } from 'kysely';
import {
  clusterBusy,
  type ClusterStatus,
  isOpenJobStatus,
  type Job,
  type JobHold,
  OPEN_JOB_STATUSES,
  type FlatPlan,
  type JobStatus,
  PLAN_SCHEMA_VERSION,
  type StepShape,
  WindlassError,
} from '../domain/index.ts';
import { holdVersion } from './app-store.ts';
import { insertAll } from './bulk.ts';
import { carryOut, lockJob } from './job-commands.ts';
import { explainNameConflict, storeCluster } from './cluster-store.ts';
import { requireFreeName } from './living-names.ts';
import { clusterNotFound, jobNotFound, jobNotOpen } from './not-found.ts';
import { afterLastSeen } from './page.ts';
import { toJson } from './row-mapping.ts';
import { clusterRows, jobCommandRows, jobRows, taskRows } from './rows.ts';
import type { Database } from './schema.ts';
import { putSecret } from './secret-store.ts';
import type { JobStore, WantedChange } from './job-stores.ts';
import type { StoredChange } from './stored-change.ts';
import { removeLeaving, storeWanted } from './wanted-cluster.ts';

/**
 * @internal
 * Rows are locked in one order everywhere in this folder: job, task, resource, node, cluster.
 */
export function createJobStore(db: Kysely<Database>): JobStore {
  return {
    async open(job, transition, { made, change, secrets = [] } = {}) {
      const open = async (transaction: Kysely<Database>): Promise<Job> => {
        if (made !== undefined) await storeCluster(transaction, made);
        // Jobs of one cluster are opened one after the other.
        const cluster = await transaction
          .selectFrom('cluster')
          .select(['name', 'status'])
          .where('cluster_id', '=', job.clusterId)
          .forUpdate()
          .executeTakeFirst();
        const stored = await findJob(transaction, job.jobId);
        if (stored !== null) return stored;
        if (cluster === undefined) throw clusterNotFound(job.clusterId);
        const running = await transaction
          .selectFrom('job')
          .selectAll()
          .where('cluster_id', '=', job.clusterId)
          .where('status', 'in', OPEN_JOB_STATUSES)
          .executeTakeFirst();
        if (running !== undefined) throw clusterBusy(job.clusterId, jobRows.fromRow(running));
        if (!transition.from.includes(cluster.status))
          throw wrongStatus(job, cluster.status, transition.from);
        // It gets its name back, which another cluster may have by now.
        if (transition.status === 'recovering') {
          await requireFreeName(transaction, cluster.name, job.clusterId);
        }
        await transaction
          .insertInto('job')
          .values({
            ...jobRows.toRow(job),
            plan_schema_version: null,
            plan_hash: null,
            change: toChangeColumn(change),
          })
          .execute();
        await transaction
          .updateTable('cluster')
          .set({ transition_status: transition.status })
          .where('cluster_id', '=', job.clusterId)
          .execute();
        for (const { name, secret } of secrets) await putSecret(transaction, job.clusterId, name, secret);
        if (change !== undefined) {
          await holdVersion(transaction, change.joined.cluster.versionId);
          await storeWanted(transaction, change.joined);
        }
        return job;
      };
      const opened = (): Promise<Job> => db.transaction().execute(open);
      return made === undefined ? opened() : explainNameConflict(db, made, opened);
    },

    async loadChange(jobId) {
      const row = await db.selectFrom('job').select('change').where('job_id', '=', jobId).executeTakeFirst();
      if (row === undefined) throw jobNotFound(jobId);
      return row.change;
    },

    get: (jobId) => getJob(db, jobId),

    find: (jobId) => findJob(db, jobId),

    async list(page) {
      const rows = await db
        .selectFrom('job')
        .selectAll()
        .$if(page.clusterId !== undefined, (query) => query.where('cluster_id', '=', page.clusterId ?? ''))
        .where(afterLastSeen('job', 'started_at', 'job_id', page))
        .orderBy('started_at', 'desc')
        .orderBy('job_id', 'desc')
        .limit(page.limit)
        .execute();
      return rows.map(jobRows.fromRow);
    },

    async listOpen() {
      const rows = await db
        .selectFrom('job')
        .selectAll()
        .where('status', 'in', OPEN_JOB_STATUSES)
        .orderBy('started_at')
        .orderBy('job_id')
        .execute();
      return rows.map(jobRows.fromRow);
    },

    async storePlan(jobId, plan, schemaVersion, hash = null) {
      return await db.transaction().execute(async (transaction) => {
        const job = await transaction
          .selectFrom('job')
          .select(['cluster_id', 'status', 'plan_schema_version'])
          .where('job_id', '=', jobId)
          .forUpdate()
          .executeTakeFirst();
        if (job === undefined) throw jobNotFound(jobId);
        if (job.plan_schema_version !== null)
          return await readShape(transaction, jobId, job.plan_schema_version);
        if (!isOpenJobStatus(job.status)) throw jobNotOpen(jobId, job.status);
        await insertAll(
          transaction,
          'job_step',
          ['job_id', 'index', 'title', 'runs', 'lanes'],
          plan.steps.map(({ layers: _layers, ...step }) => ({ job_id: jobId, ...step })),
        );
        await insertAll(
          transaction,
          'job_layer',
          ['job_id', 'step', 'index', 'name', 'total'],
          plan.steps.flatMap(({ index: step, layers }) =>
            layers.map((layer) => ({ job_id: jobId, step, ...layer })),
          ),
        );
        await insertAll(
          transaction,
          'task',
          taskRows.columns.map(({ name }) => name),
          toTaskRecords(jobId, job.cluster_id, plan),
        );
        await transaction
          .updateTable('job')
          .set({ plan_schema_version: schemaVersion, plan_hash: hash })
          .where('job_id', '=', jobId)
          .execute();
        return plan.steps;
      });
    },

    async findPlanHash(jobId) {
      const row = await db
        .selectFrom('job')
        .select('plan_hash')
        .where('job_id', '=', jobId)
        .executeTakeFirst();
      return row?.plan_hash ?? null;
    },

    async loadShape(jobId) {
      const job = await db
        .selectFrom('job')
        .select('plan_schema_version')
        .where('job_id', '=', jobId)
        .executeTakeFirst();
      if (job === undefined) throw jobNotFound(jobId);
      return job.plan_schema_version === null ? null : await readShape(db, jobId, job.plan_schema_version);
    },

    async close(jobId, end) {
      return await db.transaction().execute(async (transaction) => {
        const row = await lockJob(transaction, jobId);
        if (!isOpenJobStatus(row.status)) return { job: jobRows.fromRow(row), changed: false };
        if (row.change !== null) await settleChange(transaction, row, row.change, end.status);
        await transaction
          .updateTable('task')
          .set({
            status: sql`case when started_at is null then 'skipped' else 'cancelled' end`,
            ended_at: end.closedAt,
          })
          .where('job_id', '=', jobId)
          .where('ended_at', 'is', null)
          .execute();
        await transaction
          .updateTable('cluster')
          .set(
            clusterRows.toChange({
              status: end.clusterStatus,
              transitionStatus: null,
              // Never reset: the data of a cluster outlives the jobs that fail on it.
              ...(end.status === 'successful' && end.clusterStatus === 'active' ? { wasActive: true } : {}),
            }),
          )
          .where('cluster_id', '=', row.cluster_id)
          .execute();
        const closed = await transaction
          .updateTable('job')
          .set(jobRows.toChange({ status: end.status, error: end.error, closedAt: end.closedAt, held: null }))
          .where('job_id', '=', jobId)
          .returningAll()
          .executeTakeFirstOrThrow();
        return { job: jobRows.fromRow(closed), changed: true };
      });
    },

    async hold(jobId, request) {
      const { by, why, at } = request;
      await carryOut(db, { ...request, jobId, command: 'hold', taskId: null }, async (transaction, job) => {
        if (job.status !== 'held') await setHeld(transaction, jobId, 'held', { by, why, at });
      });
      return await getJob(db, jobId);
    },

    async resume(jobId, request) {
      await carryOut(db, { ...request, jobId, command: 'resume', taskId: null }, (transaction) =>
        setHeld(transaction, jobId, 'working', null),
      );
      return await getJob(db, jobId);
    },

    async listCommands(jobId) {
      const rows = await db
        .selectFrom('job_command')
        .selectAll()
        .where('job_id', '=', jobId)
        .orderBy('at')
        .orderBy('command_id')
        .execute();
      return rows.map(jobCommandRows.fromRow);
    },
  };
}

async function setHeld(
  transaction: Kysely<Database>,
  jobId: string,
  status: JobStatus,
  held: JobHold | null,
): Promise<void> {
  await transaction
    .updateTable('job')
    .set(jobRows.toChange({ status, held }))
    .where('job_id', '=', jobId)
    .execute();
}

/** The desired cluster stays, unless the job ended before it had begun any task. */
async function settleChange(
  transaction: Kysely<Database>,
  job: { readonly job_id: string; readonly cluster_id: string },
  { before, leaving }: StoredChange,
  status: JobStatus,
): Promise<void> {
  if (status === 'successful') {
    await removeLeaving(transaction, job.cluster_id, leaving);
    return;
  }
  const begun = await transaction
    .selectFrom('task')
    .select('task_id')
    .where('job_id', '=', job.job_id)
    .where('started_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (begun === undefined) await storeWanted(transaction, before);
}

function toChangeColumn(change: WantedChange | undefined): StoredChange | null {
  if (change === undefined) return null;
  // The driver accepts json as text.
  return toJson({ before: change.before, leaving: change.leaving }) as unknown as StoredChange;
}

async function findJob(db: Kysely<Database>, jobId: string): Promise<Job | null> {
  const row = await db.selectFrom('job').selectAll().where('job_id', '=', jobId).executeTakeFirst();
  return row === undefined ? null : jobRows.fromRow(row);
}

async function getJob(db: Kysely<Database>, jobId: string): Promise<Job> {
  const job = await findJob(db, jobId);
  if (job === null) throw jobNotFound(jobId);
  return job;
}

async function readShape(
  db: Kysely<Database>,
  jobId: string,
  version: number,
): Promise<readonly StepShape[]> {
  if (version > PLAN_SCHEMA_VERSION) {
    throw new WindlassError(
      'internal',
      `the plan of job ${jobId} has schema version ${version}, this worker knows ${PLAN_SCHEMA_VERSION}`,
      { code: 'PLAN_TOO_NEW', hint: 'start workers of the release that planned the job' },
    );
  }
  const steps = await db
    .selectFrom('job_step')
    .select(['index', 'title', 'runs', 'lanes'])
    .where('job_id', '=', jobId)
    .orderBy('index')
    .execute();
  const layers = await db
    .selectFrom('job_layer')
    .select(['step', 'index', 'name', 'total'])
    .where('job_id', '=', jobId)
    .orderBy('index')
    .execute();
  return steps.map((step) => ({
    ...step,
    layers: layers.flatMap(({ step: of, ...layer }) => (of === step.index ? [layer] : [])),
  }));
}

function toTaskRecords(jobId: string, clusterId: string, { tasks }: FlatPlan): readonly object[] {
  return tasks.map((task) =>
    taskRows.toRecord({
      ...task,
      taskId: `${jobId}.${task.layerIndex}.${task.index}`,
      jobId,
      clusterId,
      status: 'queued',
      round: 0,
      failures: 0,
      observation: null,
      error: null,
      startedAt: null,
      endedAt: null,
    }),
  );
}

function wrongStatus(job: Job, status: ClusterStatus, from: readonly ClusterStatus[]): WindlassError {
  return new WindlassError(
    'conflict',
    `cluster ${job.clusterId} is ${status}: ${job.action} needs it ${from.join(' or ')}`,
    {
      code: 'CLUSTER_STATUS',
      hint: `\`windlass cluster describe ${job.clusterId}\` shows its state`,
    },
  );
}
