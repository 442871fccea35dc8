import {
  CancellationScope,
  executeChild,
  setCurrentDetails,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  FRONTGATE_NEEDED,
  FRONTGATE_VERSION,
  type ErrorInfo,
  type FrontgateKey,
} from '../src/domain/index.ts';
import {
  jobWorkflowId,
  RUN_JOB_WORKFLOW,
  toSearchAttributes,
  type FrontgateState,
  type LoadedFrontgate,
  type RunJobInput,
  type Workflows,
} from '../src/protocol/index.ts';
import { toErrorInfo } from './error-info.ts';
import type { FrontgateAction } from './plan-frontgate.ts';

/**
 * One job on the frontgate cluster, like any other job: a row, a plan, ledger and leases. Null when it
 * succeeded; `busy` when another job runs on it; otherwise why it failed.
 */
export async function runFrontgateJob(
  { runtimeId, vpcId }: FrontgateKey,
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
    provider: loaded.queues.provider,
    frontgate: { runtimeId, vpcId, subnetId: loaded.subnetId },
    ...(action === 'create' ? { create } : {}),
  };
  shown.job = { jobId, clusterId, action };
  setCurrentDetails(`${action} of ${clusterId}, which ${loaded.members.length} clusters know`);
  try {
    await executeChild<Workflows['runJob']>(RUN_JOB_WORKFLOW, {
      args: [input],
      workflowId: jobWorkflowId(clusterId),
      // Its effects must be finished, whatever happens to this workflow.
      parentClosePolicy: 'ABANDON',
      memo: { jobId, provider: input.provider },
      typedSearchAttributes: toSearchAttributes({
        cluster: clusterId,
        job: jobId,
        action,
        status: 'working',
        runtime: runtimeId,
        app: FRONTGATE_VERSION,
      }),
      staticSummary: `${action} frontgate`,
      staticDetails: `job ${jobId}, the frontgate of VPC ${vpcId}`,
    });
    return null;
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'busy';
    const info = toErrorInfo(error);
    // A cluster joined at this moment: its signal is on the way.
    return info.code === FRONTGATE_NEEDED ? 'busy' : info;
  } finally {
    shown.job = null;
    setCurrentDetails('');
  }
}
