import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ErrorInfo, LayerShape } from '../src/domain/index.ts';
import {
  toSearchAttributes,
  type BegunJob,
  type RunJobInput,
  type RunJobResult,
  type WalkOutcome,
} from '../src/protocol/index.ts';
import { beginJob, endJob } from './activity-proxies.ts';
import { toErrorInfo } from './error-info.ts';
import { isCancelled } from './is-cancelled.ts';
import { layersTable } from './job-details.ts';
import { requireJobInput } from './require-input.ts';
import { walkLayer } from './walk-layer.ts';

/**
 * One job: begin (load, check, plan), walk the layers, end (ask the cloud how it is, close). Whatever
 * happens between begin and end, the job's row is closed and the cluster's transition cleared; what a
 * terminate prevents, the sweeper does.
 */
export async function runJob(input: RunJobInput): Promise<RunJobResult> {
  requireJobInput(input);
  setCurrentDetails(`begins, as soon as a worker has the provider ${input.provider}`);
  let begun: BegunJob | null = null;
  let walked: Walked = { outcomes: [], error: null };
  try {
    const { closed, layers, queues, timing } = (begun = await beginJob(input));
    if (closed !== null) return closed;
    walked = await walkLayers(layers, (layer) => walkLayer(input.jobId, layer, queues, timing));
  } catch (error) {
    walked = { ...walked, error: isCancelled(error) ? 'cancelled' : toErrorInfo(error) };
  }

  return CancellationScope.nonCancellable(async () => {
    const stopped = walked.error ?? stopOf(walked.outcomes);
    const status = stopped === null ? 'successful' : stopped === 'cancelled' ? 'cancelled' : 'failed';
    const end = { status, error: typeof stopped === 'object' ? stopped : null } as const;
    const refresh = walked.outcomes.length > 0;
    const closed = await endJob(input.provider, begun?.timing, { jobId: input.jobId, ...end, refresh });
    upsertSearchAttributes(toSearchAttributes({ status }));
    if (status === 'cancelled') throw new CancelledFailure('the job was cancelled; what it made is kept');
    if (status === 'failed') {
      const failure = ApplicationFailure.create({
        message: closed.error?.message ?? 'the job failed',
        type: closed.error?.code ?? 'JOB_FAILED',
        nonRetryable: true,
        details: closed.error === null ? [] : [closed.error],
      });
      // A task failed, not this line: a stack would only tell where this code is installed.
      failure.stack = '';
      throw failure;
    }
    return { jobId: input.jobId, status, failedTasks: countFailed(walked.outcomes) };
  });
}

interface Walked {
  readonly outcomes: readonly WalkOutcome[];
  readonly error: 'cancelled' | ErrorInfo | null;
}

async function walkLayers(
  layers: readonly LayerShape[],
  walk: (layer: LayerShape) => Promise<WalkOutcome>,
): Promise<Walked> {
  const outcomes: WalkOutcome[] = [];
  for (const layer of layers) {
    // The safe point for a cancel is a layer's border: waits were interrupted, handles were not.
    if (CancellationScope.current().consideredCancelled) return { outcomes, error: 'cancelled' };
    setCurrentDetails(layersTable(layers, outcomes, layer.index));
    outcomes.push(await walk(layer));
    if (stopOf(outcomes) !== null) break;
  }
  setCurrentDetails(layersTable(layers, outcomes, null));
  return { outcomes, error: null };
}

/** Why the walk cannot go on: null when it can. The error itself is in the rows of the failed tasks. */
function stopOf(outcomes: readonly WalkOutcome[]): 'cancelled' | 'failed' | null {
  if (outcomes.some((outcome) => outcome.failed.length > 0)) return 'failed';
  return outcomes.some((outcome) => outcome.cancelled) ? 'cancelled' : null;
}

function countFailed(outcomes: readonly WalkOutcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + outcome.failed.length + outcome.allowed, 0);
}
