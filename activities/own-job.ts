import { Context } from '@temporalio/activity';
import type { Stores } from '../src/db/index.ts';
import { WindlassError, type Job, type TaskAction } from '../src/domain/index.ts';
import {
  FRONTGATE_WORKFLOW,
  frontgateWorkflowId,
  jobWorkflowId,
  RUN_JOB_WORKFLOW,
  sliceWorkflowPrefix,
  WALK_SLICE_WORKFLOW,
} from '../src/protocol/index.ts';
import { checkInput } from './inputs/check-input.ts';
import { STEP_INPUTS, TASK_INPUT } from './inputs/step-inputs.ts';

/**
 * Lets a step begin, or refuses it: anyone who reaches Temporal may start any activity, and any workflow
 * with any input. Null if the job is not stored, or the step does not need it.
 *
 * @throws permission `EFFECT_OUTSIDE_JOB`, invalid-input `INPUT_INVALID`; nothing is done then.
 */
export type Admission = (step: string, input: unknown) => Promise<Job | null>;

type Workflow = { readonly id: string; readonly type: string };
/** The fields by which the owner is found; the others belong to the step itself. */
type StepInput = Readonly<Partial<Record<'jobId' | 'clusterId' | 'action' | 'runtimeId' | 'vpcId', string>>>;

/** The workflows that may run a step. */
type Owner =
  /**
   * The workflow of the job `jobId`, also before the job is stored, after it is closed and after it is
   * deleted: the step creates it, returns how it ended, or has nothing to do.
   */
  | 'job'
  /** The workflow of the job, or of a slice of it. The step itself checks that the job is open. */
  | 'slice'
  /** The workflow of the frontgate itself. */
  | 'frontgate'
  /** The workflow of the frontgate that the cluster is. */
  | 'frontgate-cluster';

const OWNERS: Readonly<Record<keyof typeof STEP_INPUTS, Owner>> = {
  BeginJob: 'job',
  loadSlice: 'slice',
  EndJob: 'job',
  LoadFrontgate: 'frontgate',
  InspectFrontgate: 'frontgate-cluster',
};

/** The cluster of a job never changes, so a worker asks once for each. */
const KEPT_JOBS = 2_000;

/** The one guard before every step of a job and of a frontgate; an unknown step is refused. */
export function createAdmission(stores: Pick<Stores, 'jobs' | 'clusters'>): Admission {
  const clusters = new Map<string, string>();

  async function findJob(jobId: string): Promise<Job | null> {
    const job = await stores.jobs.find(jobId);
    if (job !== null) {
      if (clusters.size >= KEPT_JOBS) clusters.clear();
      clusters.set(jobId, job.clusterId);
    }
    return job;
  }

  async function findCluster(jobId: string): Promise<string | null> {
    return clusters.get(jobId) ?? (await findJob(jobId))?.clusterId ?? null;
  }

  async function admitSlice(step: string, jobId: string, from: Workflow): Promise<null> {
    const clusterId = await findCluster(jobId);
    const own =
      clusterId !== null &&
      (isJobWorkflow(from, clusterId) ||
        (from.type === WALK_SLICE_WORKFLOW &&
          from.id.startsWith(sliceWorkflowPrefix(jobWorkflowId(clusterId), jobId))));
    if (!own) throw outsideJob(step, `it is not a step of ${describe(from)}`);
    return null;
  }

  async function admitJob(step: string, input: StepInput, from: Workflow): Promise<Job | null> {
    const { jobId = '' } = input;
    const job = await findJob(jobId);
    const wanted = input.clusterId ?? job?.clusterId;
    // A job that was deleted has deleted its cluster too, and leaves nothing to do.
    const own = wanted === undefined ? from.type === RUN_JOB_WORKFLOW : isJobWorkflow(from, wanted);
    const same = job === null || (job.clusterId === wanted && (input.action ?? job.action) === job.action);
    if (!own || !same) throw outsideJob(step, `job ${jobId} does not belong to ${describe(from)}`);
    return job;
  }

  async function admitFrontgate(step: string, owner: Owner, input: StepInput, from: Workflow): Promise<null> {
    const place =
      owner === 'frontgate'
        ? { runtimeId: input.runtimeId ?? '', vpcId: input.vpcId ?? '' }
        : (await stores.clusters.load(input.clusterId ?? '')).cluster;
    const gate = !('purpose' in place) || place.purpose === 'frontgate';
    if (!gate || from.type !== FRONTGATE_WORKFLOW || from.id !== frontgateWorkflowId(place))
      throw outsideJob(step, `it is not a step of ${describe(from)}`);
    return null;
  }

  return async (step, input) => {
    const { info } = Context.current();
    if (info.workflowExecution === undefined || !info.inWorkflow)
      throw outsideJob(step, 'it was started without a workflow');
    const from = { id: info.workflowExecution.workflowId, type: info.workflowType ?? '' };
    if (isTaskStep(step)) {
      checkInput(step, TASK_INPUT, input);
      const [jobId = ''] = (input as { taskId: string }).taskId.split('.');
      return admitSlice(step, jobId, from);
    }
    const owner = OWNERS[step as keyof typeof OWNERS];
    checkInput(step, STEP_INPUTS[step as keyof typeof OWNERS], input);
    const checked = input as StepInput;
    switch (owner) {
      case 'slice':
        return admitSlice(step, checked.jobId ?? '', from);
      case 'frontgate':
      case 'frontgate-cluster':
        return admitFrontgate(step, owner, checked, from);
      default:
        return admitJob(step, checked, from);
    }
  };
}

/** The task does not match the activity: its id was passed to another activity than its own. */
export function otherAction(
  step: string,
  task: { readonly taskId: string; readonly action: TaskAction },
): WindlassError {
  return outsideJob(step, `task ${task.taskId} is ${task.action}`);
}

/** Checked in the statement that begins the step: a closed job has no steps. */
export async function whileOpen<Answer>(step: string, asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    if (WindlassError.isInstance(error) && error.code === 'JOB_NOT_OPEN')
      throw outsideJob(step, error.message);
    throw error;
  }
}

/**
 * Whether a step is the handle or the wait of a task: all that have no rule of their own are, because a
 * provider may bring actions. Whether the task is of this action is seen when it is loaded.
 */
export function isTaskStep(step: string): boolean {
  return !Object.hasOwn(OWNERS, step);
}

function isJobWorkflow(from: Workflow, clusterId: string): boolean {
  return from.type === RUN_JOB_WORKFLOW && from.id === jobWorkflowId(clusterId);
}

function describe({ type, id }: Workflow): string {
  return `the workflow ${JSON.stringify(id.slice(0, LONGEST_ID))} (${type.slice(0, LONGEST_ID)})`;
}

const LONGEST_ID = 200;

function outsideJob(step: string, why: string): WindlassError {
  return new WindlassError('permission', `${step} runs only inside its own job: ${why}`, {
    code: 'EFFECT_OUTSIDE_JOB',
    hint: 'start a job: windlass cluster --help',
  });
}
