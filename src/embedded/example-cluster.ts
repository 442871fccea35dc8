import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StartedJob, WindlassClient } from '../client/index.ts';
import { type ClusterSummary, isOpenJobStatus, type JobView, WindlassError } from '../domain/index.ts';

/** What the flows of the example cluster need. */
export interface ExampleContext {
  readonly client: WindlassClient;
  /** One line of what happens. */
  readonly report: (line: string) => void;
  /** Shows a job live until it is closed, and returns it. */
  readonly showJob: (job: { jobId: string; clusterId: string }) => Promise<JobView>;
}

/** The example's cluster and runtime are found again by these names. */
export const EXAMPLE_CLUSTER = 'antietcd';
const EXAMPLE_RUNTIME = 'local';
const EXAMPLE_ZONE = 'local-1';

/** The example cluster, active; `isNew`: made just now. */
export interface ReadyExample {
  readonly clusterId: string;
  readonly isNew: boolean;
  readonly lastJobId: string | null;
}

/**
 * Brings the example cluster up from whatever an earlier run, also a killed one, has left: a job that
 * is still open goes on by itself and is waited for; a stopped cluster is started; a failed one is
 * deleted and made anew; where there is none it is made.
 * @throws internal `EXAMPLE_FAILED` when a job fails
 */
export async function bringExampleUp(context: ExampleContext): Promise<ReadyExample> {
  const { client, report } = context;
  for (;;) {
    const cluster = await findExample(client);
    if (cluster === null) return { ...(await createExample(context)), isNew: true };
    const { clusterId } = cluster;
    const open = await findOpenJob(client, clusterId);
    if (open !== null) {
      report(`job ${open.jobId} (${open.action}) of an earlier run is still open; it goes on by itself`);
      await context.showJob({ jobId: open.jobId, clusterId });
      continue;
    }
    switch (cluster.status) {
      case 'active':
        report(`found the cluster ${EXAMPLE_CLUSTER} (${clusterId}), which runs`);
        return { clusterId, isNew: false, lastJobId: null };
      case 'stopped': {
        report(
          `found the cluster ${EXAMPLE_CLUSTER} (${clusterId}) that an earlier run has left; starting it`,
        );
        const job = await runJob(context, await client.clusters.start(clusterId));
        return { clusterId, isNew: false, lastJobId: job.jobId };
      }
      case 'failed':
      case 'pending':
        report(
          `the cluster ${EXAMPLE_CLUSTER} (${clusterId}) of an earlier run is not whole; deleting it and making it anew`,
        );
        await runJob(context, await client.clusters.delete(clusterId, { force: true }));
        continue;
      case 'deleted':
        return { ...(await createExample(context)), isNew: true };
    }
  }
}

/**
 * Stops the example cluster, its data kept, so that none of its processes is left. A job that is
 * under way ends first. A cluster that does not run is left as it is.
 */
export async function putExampleDown(context: ExampleContext): Promise<void> {
  const { client, report } = context;
  const cluster = await findExample(client);
  if (cluster === null) return;
  const open = await findOpenJob(client, cluster.clusterId);
  if (open !== null) {
    report(`job ${open.jobId} (${open.action}) ends first`);
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
  const { client, report } = context;
  await ensureRuntime(context);
  const version = await client.apps.register(findExamplePackage());
  report(
    `registered ${version.appName} ${version.version} (${version.versionId}); creating the cluster ${EXAMPLE_CLUSTER}`,
  );
  const started = await client.clusters.create({
    app: version.versionId,
    runtime: EXAMPLE_RUNTIME,
    name: EXAMPLE_CLUSTER,
  });
  const job = await runJob(context, started);
  return { clusterId: started.clusterId, lastJobId: job.jobId };
}

async function ensureRuntime({ client, report }: ExampleContext): Promise<void> {
  try {
    await client.runtimes.describe(EXAMPLE_RUNTIME);
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.kind !== 'not-found') throw error;
    await client.runtimes.create({ name: EXAMPLE_RUNTIME, provider: 'local', zone: EXAMPLE_ZONE });
    report(`made the runtime ${EXAMPLE_RUNTIME}: this machine, zone ${EXAMPLE_ZONE}`);
  }
}

async function findExample(client: WindlassClient): Promise<ClusterSummary | null> {
  const clusters = await client.clusters.list();
  return clusters.find((cluster) => cluster.name === EXAMPLE_CLUSTER && cluster.status !== 'deleted') ?? null;
}

async function findOpenJob(client: WindlassClient, clusterId: string) {
  return (await client.jobs.list({ clusterId })).find((job) => isOpenJobStatus(job.status)) ?? null;
}

/** The package lies in the clone's examples; compiled code is one folder deeper. */
function findExamplePackage(): string {
  for (const place of ['../../examples/antietcd', '../../../examples/antietcd']) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new WindlassError('not-found', 'this installation has no examples/antietcd', {
    code: 'EXAMPLE_MISSING',
    hint: 'run npm start in a clone of the repository',
  });
}
