// A thin client: makes a cluster, or stops one, waits for the job, prints how it ended.
//   node examples/start-job.ts create ./examples/antietcd local
//   node examples/start-job.ts stop CLUSTER
import { connectClient } from '../src/client/index.ts';

const [action, target = '', runtime = 'local'] = process.argv.slice(2);
const client = await connectClient();
try {
  const started =
    action === 'stop'
      ? await client.clusters.stop(target)
      : await client.clusters.create({ app: target, runtime, name: 'from-a-program' });
  const job = await client.jobs.wait(started.jobId, {
    clusterId: started.clusterId,
    onEvent: (event) => process.stderr.write(`${event.at} ${event.event}\n`),
  });
  process.stdout.write(`${job.action} of ${job.clusterId}: ${job.status}\n`);
  if (job.status !== 'successful') process.exitCode = 1;
} finally {
  await client.close();
}
