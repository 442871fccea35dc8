import { randomUUID } from 'node:crypto';
import type { StartedJob, WindlassClient } from '../client/index.ts';
import { isOpenJobStatus, WindlassError } from '../domain/index.ts';
import type { ClusterView, JobView } from '../protocol/index.ts';
import {
  chooseClusterName,
  ensureRuntime,
  ensureVersion,
  orNull,
  type PartsContext,
} from './example-parts.ts';

/** What the steps of the example cluster need. */
export interface ExampleContext extends PartsContext {
  /** Shows a job live until it is closed, and returns it. */
  readonly showJob: (job: { jobId: string; clusterId: string }) => Promise<JobView>;
}

/** The example cluster, active; `isNew`: it has just been created. */
export interface ReadyExample {
  readonly clusterId: string;
  /** Differs from the first choice if the user has a cluster of that name. */
  readonly name: string;
  readonly isNew: boolean;
  readonly lastJobId: string | null;
}

/**
 * Brings the example cluster up from any state that an earlier run, also a killed one, has left. It is
 * identified by the id that the home folder stores, never by its name: other clusters are not touched. A
 * job that is still open continues by itself and is waited for; a stopped cluster is started; a failed one
 * is deleted and created again; if there is none, it is created.
 * @throws internal `EXAMPLE_FAILED` when a job fails
 */
export async function bringExampleUp(context: ExampleContext): Promise<ReadyExample> {
  const { client, report } = context;
  for (;;) {
    const cluster = await findExample(context);
    if (cluster === null) return { ...(await createExample(context)), isNew: true };
    const { clusterId, name } = cluster;
    const open = await findOpenJob(client, clusterId);
    if (open !== null) {
      report(`job ${open.jobId} (${open.action}) of an earlier run is still open; it continues by itself`);
      await context.showJob({ jobId: open.jobId, clusterId });
      continue;
    }
    switch (cluster.status) {
      case 'active':
        report(`found the cluster ${name} (${clusterId}), which runs`);
        return { clusterId, name, isNew: false, lastJobId: null };
      case 'stopped': {
        report(`found the cluster ${name} (${clusterId}) that an earlier run has left; starting it`);
        const job = await runJob(context, await client.clusters.start(clusterId));
        return { clusterId, name, isNew: false, lastJobId: job.jobId };
      }
      case 'failed':
      case 'pending':
        report(
          `the cluster ${name} (${clusterId}) of an earlier run is not usable; deleting it and creating it again`,
        );
        await runJob(context, await client.clusters.delete(clusterId, { force: true }));
        continue;
      case 'deleted':
        context.book.write({ cluster: null });
    }
  }
}

/**
 * Stops the example cluster and keeps its data, so that none of its processes is left. A running job is
 * waited for first. A cluster that does not run is left as it is.
 */
export async function putExampleDown(context: ExampleContext): Promise<void> {
  const { client, report } = context;
  const cluster = await findExample(context);
  if (cluster === null) return;
  const open = await findOpenJob(client, cluster.clusterId);
  if (open !== null) {
    report(`waiting for job ${open.jobId} (${open.action}) to end first`);
    await context.showJob({ jobId: open.jobId, clusterId: cluster.clusterId });
  }
  const { status } = await client.clusters.describe(cluster.clusterId);
  if (status === 'active' || status === 'failed')
    await runJob(context, await client.clusters.stop(cluster.clusterId));
}

/**
 * Shows a started job until it is closed.
 * @throws internal `EXAMPLE_FAILED`, with the job's own error, when it did not succeed
 */
export async function runJob(context: ExampleContext, started: StartedJob): Promise<JobView> {
  const job = await context.showJob(started);
  if (job.status === 'successful') return job;
  throw new WindlassError(
    'internal',
    `job ${job.jobId} (${job.action}) ended ${job.status}: ${job.error?.message ?? 'no reason stored'}`,
    {
      code: 'EXAMPLE_FAILED',
      hint: `windlass job describe ${job.jobId} shows its tasks`,
    },
  );
}

async function createExample(context: ExampleContext): Promise<Omit<ReadyExample, 'isNew'>> {
  const { client, book, report } = context;
  const runtime = await ensureRuntime(context);
  const version = await ensureVersion(context);
  const begun = book.read().cluster;
  // Without an id, it was begun by a run that was killed: the same request finds it, or creates it.
  const wanted =
    begun !== null && begun.id === null
      ? begun
      : { requestId: randomUUID(), name: await chooseClusterName(client), id: null };
  book.write({ cluster: wanted });
  const { name, requestId } = wanted;
  report(
    `registered ${version.appName} ${version.version} (${version.versionId}); creating the cluster ${name}`,
  );
  const started = await startCreate(context, { app: version.versionId, runtime, name, requestId });
  book.write({ cluster: { ...wanted, id: started.clusterId } });
  const job = await runJob(context, started);
  return { clusterId: started.clusterId, name, lastJobId: job.jobId };
}

/** A refused request has created nothing: the next run chooses its name again. */
async function startCreate(
  { client, book }: ExampleContext,
  request: { app: string; runtime: string; name: string; requestId: string },
): Promise<StartedJob> {
  try {
    return await client.clusters.create(request);
  } catch (error) {
    if (WindlassError.isInstance(error) && error.kind === 'conflict') book.write({ cluster: null });
    throw error;
  }
}

async function findExample({ client, book }: ExampleContext): Promise<ClusterView | null> {
  const id = book.read().cluster?.id ?? null;
  const found = id === null ? null : await orNull(() => client.clusters.describe(id));
  if (found !== null && found.status !== 'deleted') return found;
  if (id !== null) book.write({ cluster: null });
  return null;
}

async function findOpenJob(client: WindlassClient, clusterId: string) {
  return (await client.jobs.list({ clusterId })).find((job) => isOpenJobStatus(job.status)) ?? null;
}
