import { WindlassError, type ErrorInfo, type FrontgateKey } from '../../src/domain/index.ts';
import type {
  EffectCall,
  HandleResult,
  ObserveCall,
  Observation,
  Provider,
  TaskContext,
} from '../../src/provider/index.ts';
import type { FrontgateState } from '../../src/protocol/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nodeAccessOf, type ContextLoader } from '../load-context.ts';
import { findVpc } from './find-vpc.ts';
import { askFrontgate, tellFrontgate } from './frontgate-link.ts';

type Subtasks = Pick<Provider, 'handleSubtask' | 'waitSubtask'>;

/**
 * The tasks of a provider and those of the engine: joining the set of clusters that need a frontgate,
 * leaving it, and waiting until it is ready.
 */
export function withFrontgates(
  dependencies: Pick<ActivityDependencies, 'stores' | 'faultPoint'>,
  provider: Provider,
  loader: Pick<ContextLoader, 'loadTask'>,
): Subtasks {
  const { stores, faultPoint } = dependencies;

  /** Before the job's first effect; it may be repeated at any of its steps. */
  async function acquire(context: TaskContext, call: EffectCall): Promise<HandleResult> {
    const vpcId = await findVpc(provider, context, call);
    const key = { runtimeId: context.runtime.runtimeId, vpcId };
    await faultPoint('AcquireFrontgate:before-effect');
    await stores.frontgates.acquire(context.job.jobId, key);
    await faultPoint('AcquireFrontgate:recorded');
    await tellFrontgate(key, { clusterId: context.cluster.clusterId, use: 'needed' });
    await faultPoint('AcquireFrontgate:after-effect');
    return { state: 'done' };
  }

  async function release(context: TaskContext): Promise<HandleResult> {
    // A stopped cluster may start again: its frontgate stays, stopped as well.
    const left = context.job.action === 'stop' ? 'kept' : 'none';
    await faultPoint('ReleaseFrontgate:before-effect');
    await stores.frontgates.release(context.job.jobId, left);
    await faultPoint('ReleaseFrontgate:recorded');
    const key = keyOf(context);
    // Without a VPC its first job ended before it acquired anything.
    if (key === null) return { state: 'done' };
    await tellFrontgate(key, { clusterId: context.cluster.clusterId, use: left });
    await faultPoint('ReleaseFrontgate:after-effect');
    return { state: 'started' };
  }

  async function waitUntilLed(context: TaskContext, call: ObserveCall): Promise<Observation> {
    const key = keyOf(context);
    const state = key === null ? null : await askFrontgate(key);
    if (state === null) return { state: 'pending', seen: 'no workflow keeps the frontgate yet' };
    if (state.failure !== null) throw frontgateFailed(context, state.failure);
    if (!state.ready) return { state: 'pending', seen: describeState(state) };
    // The data that was passed in may be from before it was ready: its host key has changed since.
    const { context: fresh } = await loader.loadTask(context.task.taskId);
    return provider.waitSubtask(fresh, call);
  }

  /**
   * Until the frontgate has reached the state that its remaining members require: then the resources that
   * only a deleted cluster needed are gone too.
   */
  async function waitUntilLeft(context: TaskContext): Promise<Observation> {
    const key = keyOf(context);
    const state = key === null ? null : await askFrontgate(key);
    if (state === null || state.settled) return { state: 'done' };
    if (state.members.some(({ use }) => use === 'needed')) return { state: 'done' };
    if (state.failure !== null) throw frontgateFailed(context, state.failure);
    return { state: 'pending', seen: describeState(state) };
  }

  return {
    async handleSubtask(context, call) {
      switch (context.task.action) {
        case 'AcquireFrontgate':
          return acquire(context, call);
        case 'ReleaseFrontgate':
          return release(context);
        default:
          return provider.handleSubtask(context, call);
      }
    },
    async waitSubtask(context, call) {
      switch (context.task.action) {
        case 'FrontgateAvailable':
          if (nodeAccessOf(provider, context.runtime) === 'direct') break;
          return waitUntilLed(context, call);
        case 'ReleaseFrontgate':
          return waitUntilLeft(context);
        default:
      }
      return provider.waitSubtask(context, call);
    },
  };
}

function keyOf({ runtime, cluster }: TaskContext): FrontgateKey | null {
  return cluster.vpcId === '' ? null : { runtimeId: runtime.runtimeId, vpcId: cluster.vpcId };
}

function describeState({ job }: FrontgateState): string {
  if (job === null) return 'the frontgate is being prepared';
  return `job ${job.jobId} is to ${job.action} the frontgate ${job.clusterId}`;
}

/** The reason keeps its text; its hint is for the frontgate's own job. */
function frontgateFailed({ cluster }: TaskContext, failure: ErrorInfo): WindlassError {
  return new WindlassError(
    'conflict',
    `the frontgate of VPC ${cluster.vpcId} is not in its desired state: ${failure.message}`,
    {
      code: 'FRONTGATE_FAILED',
      hint: `${failure.hint ?? '`windlass job list` shows its job'}; the next start of a cluster retries it`,
    },
  );
}
