import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { jobWorkflowId, RUN_JOB_WORKFLOW, type JobEnd } from '../protocol/index.ts';
import { closeJob, type ActivityLogger } from '../../activities/index.ts';
import type { Stores } from '../db/index.ts';
import type { Job } from '../domain/index.ts';

export interface Sweeper {
  /** One round, after the one that runs now. */
  sweep(): Promise<void>;
  /** Resolves when the running round has ended; another worker may then sweep at once. */
  stop(): Promise<void>;
}

/** What a sweeper needs. */
export interface SweeperParts {
  readonly client: Client;
  readonly stores: Pick<Stores, 'apps' | 'clusters' | 'jobs' | 'leaders' | 'tasks'>;
  readonly log: ActivityLogger;
  /** Identifies this worker among all that share the database. */
  readonly identity: string;
}

const ROLE = 'sweeper';
const ROUND_MS = 10_000;
/** How long a sweeper that died keeps the others from sweeping. */
const LEAD_SECONDS = 25;
/** A long round renews its lead this often. */
const RENEW_MS = 5_000;
/** Data that clients have left behind is deleted after a day, so it need not be checked often. */
const TIDY_MS = 3_600_000;
/** A job that has just been opened may not be visible as running yet. */
const YOUNG_MS = 10_000;

/**
 * Closes the rows of jobs whose workflow ended without closing them: terminated, or reset to before its
 * load. A held job stays open as long as its workflow runs; without a workflow nothing could carry out its
 * commands, and its cluster would stay busy forever, so it is closed too. Every worker has a sweeper; one at
 * a time sweeps, and another takes over if it dies. Rounds of one sweeper never overlap.
 */
export function startSweeper({ client, stores, log, identity }: SweeperParts): Sweeper {
  const stopping = new AbortController();
  let tidyAtMs = Date.now() + TIDY_MS;
  let ledAtMs = Number.NEGATIVE_INFINITY;
  let rounds: Promise<void> = Promise.resolve();

  async function isLeader(): Promise<boolean> {
    if (performance.now() - ledAtMs < RENEW_MS) return true;
    const askedAtMs = performance.now();
    if (!(await stores.leaders.lead(ROLE, identity, LEAD_SECONDS))) return false;
    ledAtMs = askedAtMs;
    return true;
  }

  async function round(): Promise<void> {
    if (!(await isLeader())) return;
    if (Date.now() >= tidyAtMs) {
      tidyAtMs = Date.now() + TIDY_MS;
      await stores.apps.forgetLeft();
    }
    const grown = (await stores.jobs.listOpen()).filter(
      (job) => Date.now() - Date.parse(job.startedAt) >= YOUNG_MS,
    );
    if (grown.length === 0) return;
    const running = await listRunningJobs(client);
    for (const job of grown) {
      if (running.has(job.jobId)) continue;
      if (stopping.signal.aborted || !(await isLeader())) return;
      try {
        await close(job);
      } catch (error) {
        // The others must not wait for it.
        log.warn('cannot check a job whose workflow may have ended', { job: job.jobId, error });
      }
    }
  }

  async function close(job: Job): Promise<void> {
    const end = await findHowItEnded(client, job);
    if (end === null) return;
    const { changed } = await closeJob(stores, job, end);
    if (changed)
      log.warn('closed a job that its workflow left open', { job: job.jobId, cluster: job.clusterId });
  }

  function sweep(): Promise<void> {
    const next = rounds.then(round);
    rounds = next.catch((error: unknown) => log.warn('a sweep failed', { error }));
    return next;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Rejects when the sweeper is stopped.
      await sleep(ROUND_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
      if (!stopping.signal.aborted) await sweep().catch(() => {});
    }
  }

  void run();
  return {
    sweep,
    async stop() {
      stopping.abort();
      await rounds;
      // The database is unavailable: the lead expires by itself.
      if (Number.isFinite(ledAtMs)) await stores.leaders.resign(ROLE, identity).catch(() => {});
    },
  };
}

/**
 * Jobs that are visible as running: all of them in few requests. The list may be a little stale, so a job
 * that is missing is checked individually.
 */
async function listRunningJobs(client: Client): Promise<ReadonlySet<string>> {
  const query = `WorkflowType = '${RUN_JOB_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  const running = new Set<string>();
  for await (const { memo } of client.workflow.list({ query, pageSize: 1_000 })) {
    const jobId: unknown = memo?.['jobId'];
    if (typeof jobId === 'string') running.add(jobId);
  }
  return running;
}

/** Null while the job's own workflow runs. */
async function findHowItEnded(client: Client, job: Job): Promise<JobEnd | null> {
  try {
    const workflow = await client.workflow.getHandle(jobWorkflowId(job.clusterId)).describe();
    const own = workflow.memo?.['jobId'] === job.jobId;
    if (own && workflow.status.name === 'RUNNING') return null;
    if (own && workflow.status.name === 'CANCELLED') return { status: 'cancelled', error: null };
    const how = own ? workflow.status.name.toLowerCase() : 'followed by another';
    return abandoned(job, `its workflow was ${how} before it closed the job`);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return abandoned(job, 'its workflow is gone');
    throw error;
  }
}

function abandoned({ held }: Job, how: string): JobEnd {
  const message = held === null ? how : `${how}; it was held: ${held.why}`;
  const hint = 'what it created is in the ledger; the cluster can be deleted';
  return { status: 'failed', error: { kind: 'internal', code: 'JOB_ABANDONED', message, hint } };
}
