import {
  CancellationScope,
  condition,
  continueAsNew,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  ACQUIRE_FRONTGATE,
  READ_FRONTGATE,
  RELEASE_FRONTGATE,
  type FrontgateInput,
  type FrontgateNews,
  type FrontgateState,
  type LoadedFrontgate,
} from '../src/protocol/index.ts';
import type { ErrorInfo, FrontgateMember } from '../src/domain/index.ts';
import { inspectFrontgate, loadFrontgate } from './activity-proxies.ts';
import { planFrontgate } from './plan-frontgate.ts';
import { isFrontgateNews, requireFrontgateInput } from './require-input.ts';
import { runFrontgateJob } from './run-frontgate-job.ts';

/** Without signals it checks again after this time: for a cluster whose release was lost with its job. */
const LOOK_AGAIN_MS = 60 * 60_000;
/** After a failed job, unless a signal arrives before: doubled each time, up to an hour. */
const FIRST_RETRY_MS = 60_000;
/** Another job still holds the cluster, left from a previous run of this workflow: retry after this delay. */
const BUSY_MS = 2_000;
/** After this many events it continues as new. Most of them are signals. */
const MAX_EVENTS = 1_000;

/** Its state between two steps. */
interface Knowledge {
  members: ReadonlyMap<string, FrontgateMember['use']>;
  failure: ErrorInfo | null;
  failures: number;
  job: FrontgateState['job'];
  /** A signal arrived that has not been handled yet. */
  news: boolean;
  /** A cluster is about to use it, so the known state must be verified. */
  acquired: boolean;
  ready: boolean;
  settled: boolean;
}

/**
 * Keeps the frontgate of one runtime and VPC: an entity workflow that runs as long as clusters need it. It
 * knows the set of clusters, which signals change, and runs at most one job at a time, an ordinary job on
 * the frontgate cluster, until that has reached the state that the set requires. Its state is small, so it
 * continues as new whenever its history has grown.
 *
 * A task that changes the set first writes a row and then signals: the database always has the set, and
 * this workflow acts only on data that was read after the last signal.
 */
export async function frontgate(input: FrontgateInput): Promise<void> {
  requireFrontgateInput(input);
  const { runtimeId, vpcId } = input;
  const state = begin(input);
  for (;;) {
    if (workflowInfo().historyLength > MAX_EVENTS || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof frontgate>(rememberIn(input, state));
    }
    state.news = false;
    const loaded = await loadFrontgate({ runtimeId, vpcId });
    // The runtime is deleted, so there is nothing left to do.
    if (loaded === null) return;
    // The data may be older than signals that arrived meanwhile.
    if (state.news) continue;
    state.members = new Map(loaded.members.map(({ clusterId, use }) => [clusterId, use]));
    if (await inspect(state, loaded)) continue;
    const action = planFrontgate(loaded.members, loaded.cluster?.status ?? null);
    if (action !== null) {
      state.ready = false;
      state.settled = false;
      await step(state, async () => (loaded.busy ? 'busy' : runFrontgateJob(input, loaded, action, state)));
      continue;
    }
    state.ready = loaded.cluster?.status === 'active';
    state.settled = true;
    state.failures = 0;
    if (loaded.cluster === null && loaded.members.length === 0) return;
    await condition(() => state.news, LOOK_AGAIN_MS);
  }
}

function begin({ known }: FrontgateInput): Knowledge {
  const members = new Map((known?.members ?? []).map(({ clusterId, use }) => [clusterId, use]));
  const state: Knowledge = {
    members,
    failure: known?.failure ?? null,
    failures: known?.failures ?? 0,
    job: null,
    news: true,
    acquired: known?.acquired ?? false,
    ready: false,
    settled: false,
  };
  const take = ({ clusterId, use }: FrontgateNews): void => {
    const changed = new Map(state.members);
    if (use === 'none') changed.delete(clusterId);
    else changed.set(clusterId, use);
    Object.assign(state, { members: changed, news: true, settled: false });
  };
  setHandler(ACQUIRE_FRONTGATE, (said) => {
    if (!isFrontgateNews(said)) return;
    take(said);
    Object.assign(state, { acquired: true, ready: false, failure: null });
  });
  setHandler(RELEASE_FRONTGATE, (said) => {
    if (isFrontgateNews(said)) take(said);
  });
  setHandler(READ_FRONTGATE, () => {
    const { ready, settled, job, failure } = state;
    return { members: listMembers(state), ready, settled, job, failure };
  });
  return state;
}

/**
 * Before it is reported as ready, the cloud is asked whether it still exists. False if there was nothing
 * to ask.
 */
async function inspect(state: Knowledge, loaded: LoadedFrontgate): Promise<boolean> {
  const { acquired } = state;
  state.acquired = false;
  if (!acquired || loaded.cluster?.status !== 'active') return false;
  try {
    await inspectFrontgate(loaded.queues, loaded.timing, { clusterId: loaded.cluster.clusterId });
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    log.warn('the cloud could not be asked about the frontgate', { error });
  }
  return true;
}

/** Runs one job, or pauses if it cannot be begun; after a failed job it pauses until a signal arrives. */
async function step(state: Knowledge, run: () => Promise<ErrorInfo | 'busy' | null>): Promise<void> {
  const ended = await run();
  if (ended === null) return;
  if (ended === 'busy') {
    await condition(() => state.news, BUSY_MS);
    return;
  }
  log.warn('a job of the frontgate failed', { code: ended.code });
  state.failures += 1;
  // A cluster that has asked since it began is handled at once, and does not get the earlier failure.
  if (state.news) return;
  state.failure = ended;
  await condition(() => state.news, Math.min(FIRST_RETRY_MS * 2 ** (state.failures - 1), LOOK_AGAIN_MS));
  state.failure = null;
}

function listMembers({ members }: Knowledge): readonly FrontgateMember[] {
  return [...members].map(([clusterId, use]) => ({ clusterId, use }));
}

function rememberIn({ runtimeId, vpcId }: FrontgateInput, state: Knowledge): FrontgateInput {
  const { failure, failures, acquired } = state;
  return { runtimeId, vpcId, known: { members: listMembers(state), failure, failures, acquired } };
}
