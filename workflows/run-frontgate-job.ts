import {
  CancellationScope,
  executeChild,
  setCurrentDetails,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import {
  defineSearchAttributeKey,
  WorkflowExecutionAlreadyStartedError,
  type SearchAttributePair,
} from '@temporalio/common';
import type { LoadedFrontgate } from '../activities/index.ts';
import {
  FRONTGATE_NEEDED,
  FRONTGATE_VERSION,
  type ErrorInfo,
  type FrontgatePlace,
} from '../src/domain/index.ts';
import { toErrorInfo } from './error-info.ts';
import {
  jobWorkflowId,
  RUN_JOB_WORKFLOW,
  SEARCH_ATTRIBUTES,
  type FrontgateState,
  type RunJobInput,
} from './messages.ts';
import type { FrontgateAction } from './plan-frontgate.ts';
import type { runJob } from './run-job.workflow.ts';

/**
 * One job on the cluster that is the frontgate, with all that jobs have: a row, a plan, ledger and
 * leases. Null when it ended well; `busy` when another job runs on it; else why it failed.
 */
export async function runFrontgateJob(
  { runtimeId, vpcId }: FrontgatePlace,
  loaded: LoadedFrontgate,
  action: FrontgateAction,
  shown: { job: FrontgateState['job'] },
): Promise<ErrorInfo | 'busy' | null> {
  const clusterId = loaded.cluster?.clusterId ?? loaded.nextClusterId;
  const jobId = `j-${uuid4().replaceAll('-', '').slice(0, 16)}`;
  const create = { clusterId, jobId, runtime: runtimeId, versionId: FRONTGATE_VERSION, conf: {} };
  const input: RunJobInput = {
    jobId,
    clusterId,
    action,
    options: {},
    requestedBy: workflowInfo().workflowId,
    frontgate: { runtimeId, vpcId, subnetId: loaded.subnetId },
    ...(action === 'create' ? { create } : {}),
  };
  shown.job = { jobId, clusterId, action };
  setCurrentDetails(`${action} of ${clusterId}, which ${loaded.members.length} clusters know`);
  try {
    await executeChild<typeof runJob>(RUN_JOB_WORKFLOW, {
      args: [input],
      workflowId: jobWorkflowId(clusterId),
      // Its effects are to be finished, whatever becomes of this workflow.
      parentClosePolicy: 'ABANDON',
      memo: { jobId },
      typedSearchAttributes: toSearchAttributes(input, runtimeId),
      staticSummary: `${action} frontgate`,
      staticDetails: `job ${jobId}, the frontgate of VPC ${vpcId}`,
    });
    return null;
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'busy';
    const info = toErrorInfo(error);
    // A cluster joined in this very moment: its signal is on the way.
    return info.code === FRONTGATE_NEEDED ? 'busy' : info;
  } finally {
    shown.job = null;
    setCurrentDetails('');
  }
}

/** As a client sets them for the jobs that it starts. */
function toSearchAttributes(
  { clusterId, jobId, action }: RunJobInput,
  runtimeId: string,
): SearchAttributePair[] {
  const values: Readonly<Record<keyof typeof SEARCH_ATTRIBUTES, string>> = {
    cluster: clusterId,
    job: jobId,
    action,
    status: 'working',
    runtime: runtimeId,
    app: FRONTGATE_VERSION,
  };
  const names = Object.keys(values) as (keyof typeof SEARCH_ATTRIBUTES)[];
  return names.map((name) => ({
    key: defineSearchAttributeKey(SEARCH_ATTRIBUTES[name], 'KEYWORD'),
    value: values[name],
  }));
}
