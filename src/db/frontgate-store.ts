import { type Kysely, sql, type Transaction } from 'kysely';
import { isOpenJobStatus } from '../domain/index.ts';
import { jobNotFound, jobNotOpen } from './not-found.ts';
import { clusterNodeRows, clusterRows } from './rows.ts';
import type { Database } from './schema.ts';
import type { FrontgateStore } from './stores.ts';

/** @internal */
export function createFrontgateStore(db: Kysely<Database>): FrontgateStore {
  return {
    async acquire(jobId, key) {
      const columns = { runtime_id: key.runtimeId, vpc_id: key.vpcId, use: 'needed' as const };
      await db.transaction().execute(async (transaction) => {
        const clusterId = await lockOpenJob(transaction, jobId);
        await transaction
          .updateTable('cluster')
          .set({ vpc_id: key.vpcId })
          .where('cluster_id', '=', clusterId)
          .execute();
        await transaction
          .insertInto('frontgate_member')
          .values({ cluster_id: clusterId, ...columns })
          .onConflict((conflict) => conflict.column('cluster_id').doUpdateSet(columns))
          .execute();
      });
    },

    async release(jobId, left) {
      await db.transaction().execute(async (transaction) => {
        const clusterId = await lockOpenJob(transaction, jobId);
        if (left === 'none') {
          await transaction.deleteFrom('frontgate_member').where('cluster_id', '=', clusterId).execute();
          return;
        }
        await transaction
          .updateTable('frontgate_member')
          .set({ use: left })
          .where('cluster_id', '=', clusterId)
          .execute();
      });
    },

    async load({ runtimeId, vpcId }) {
      const members = await db
        .selectFrom('frontgate_member as member')
        .innerJoin('cluster', 'cluster.cluster_id', 'member.cluster_id')
        .select(['member.cluster_id', 'member.use'])
        .where('member.runtime_id', '=', runtimeId)
        .where('member.vpc_id', '=', vpcId)
        .where('cluster.status', '<>', 'deleted')
        .orderBy('member.cluster_id')
        .execute();
      const clusters = await db
        .selectFrom('cluster')
        .selectAll()
        .where('purpose', '=', 'frontgate')
        .where('runtime_id', '=', runtimeId)
        .where('vpc_id', '=', vpcId)
        .execute();
      const now = clusters.find(({ status }) => status !== 'deleted');
      return {
        members: members.map((row) => ({ clusterId: row.cluster_id, use: row.use })),
        cluster: now === undefined ? null : clusterRows.fromRow(now),
        made: clusters.length,
      };
    },

    async findGate(clusterId) {
      const row = await db
        .selectFrom('frontgate_member as member')
        .leftJoin('cluster as gate', (join) =>
          join
            .onRef('gate.runtime_id', '=', 'member.runtime_id')
            .onRef('gate.vpc_id', '=', 'member.vpc_id')
            .on('gate.purpose', '=', 'frontgate')
            .on('gate.status', '<>', 'deleted'),
        )
        .leftJoin('cluster_node as node', 'node.cluster_id', 'gate.cluster_id')
        .selectAll('node')
        .select(sql<boolean>`node.node_id is not null`.as('there'))
        .where('member.cluster_id', '=', clusterId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return row.there ? clusterNodeRows.fromRow(row as Parameters<typeof clusterNodeRows.fromRow>[0]) : null;
    },
  };
}

/** The job's cluster. The job stays open until this transaction ends. */
async function lockOpenJob(transaction: Transaction<Database>, jobId: string): Promise<string> {
  const job = await transaction
    .selectFrom('job')
    .select(['cluster_id', 'status'])
    .where('job_id', '=', jobId)
    .forShare()
    .executeTakeFirst();
  if (job === undefined) throw jobNotFound(jobId);
  if (!isOpenJobStatus(job.status)) throw jobNotOpen(jobId, job.status);
  return job.cluster_id;
}
