import { ApplicationFailure, log, workflowInfo } from '@temporalio/workflow';
import {
  JOB_ACTION_NAMES,
  JOB_MODES,
  type ErrorInfo,
  type JobState,
  type QueueScope,
} from '../src/domain/index.ts';
import {
  FRONTGATE_WORKFLOW,
  frontgateWorkflowId,
  jobWorkflowId,
  RUN_JOB_WORKFLOW,
  sliceWorkflowPrefix,
  type ActivityTiming,
  type FrontgateInput,
  type FrontgateNews,
  type RunJobInput,
  type WalkSliceInput,
} from '../src/protocol/index.ts';

// Anyone who reaches Temporal may start these workflows and signal them with anything. Input that a
// workflow cannot read ends it at once: any other exception would have its first step retried forever.
// Only the fields that the workflow itself uses are checked; the others are checked where they are used.

type Shape = Readonly<Record<string, unknown>>;

/** @throws ApplicationFailure `INPUT_INVALID`, which ends the workflow. */
export function requireJobInput(input: unknown): asserts input is RunJobInput {
  const { jobId, clusterId, action, options, provider, frontgate, state } = requireObject(input);
  requireText('jobId', jobId);
  requireText('clusterId', clusterId);
  requireText('provider', provider);
  if (!JOB_ACTION_NAMES.some((known) => known === action)) refuse('action', 'is not an action of a job');
  if (!isObject(options)) refuse('options', 'must be an object');
  requireJobState(state);
  if (frontgate === undefined) return;
  if (!isObject(frontgate)) refuse('frontgate', 'must be an object');
  requireText('frontgate.runtimeId', frontgate['runtimeId']);
  requireText('frontgate.vpcId', frontgate['vpcId']);
  // A job of a frontgate is a child of the workflow that keeps it; no other may start one.
  const key = { runtimeId: String(frontgate['runtimeId']), vpcId: String(frontgate['vpcId']) };
  if (workflowInfo().parent?.workflowId !== frontgateWorkflowId(key))
    refuse('frontgate', `is for jobs that the workflow ${FRONTGATE_WORKFLOW} starts`);
}

/** A job that begins has none: a caller must not be able to make it skip steps. */
function requireJobState(state: unknown): asserts state is JobState | undefined {
  const continues = workflowInfo().continuedFromExecutionRunId !== undefined;
  if (continues !== (state !== undefined)) refuse('state', 'is what one run of a job tells the next');
  if (state === undefined) return;
  if (!isObject(state)) return refuse('state', 'must be an object');
  const { cursor, mode, walked, failedTasks } = state;
  requireCount('state.cursor', cursor);
  requireCount('state.failedTasks', failedTasks);
  if (typeof walked !== 'boolean') refuse('state.walked', 'must be true or false');
  if (!isObject(mode) || !JOB_MODES.some((known) => known === mode['kind']))
    refuse('state.mode', `must be one of ${JOB_MODES.join(', ')}`);
}

/** @throws ApplicationFailure `INPUT_INVALID`, which ends the workflow. */
export function requireSliceInput(input: unknown): asserts input is WalkSliceInput {
  const { jobId, slice, lanesAtOnce, queues, timing } = requireObject(input);
  requireText('jobId', jobId);
  if (!isObject(slice)) return refuse('slice', 'must be an object');
  const { step, of, from, to } = slice;
  if (of !== 'tasks' && of !== 'lanes') refuse('slice.of', 'must be tasks or lanes');
  const counts = { 'slice.step': step, 'slice.from': from, 'slice.to': to, lanesAtOnce };
  for (const [field, value] of Object.entries(counts)) requireCount(field, value);
  requireQueues(queues);
  requireTiming(timing);
  // A slice is a child of its job.
  const { parent, workflowId } = workflowInfo();
  if (parent === undefined || !workflowId.startsWith(sliceWorkflowPrefix(parent.workflowId, String(jobId))))
    refuse('jobId', `must be of the job whose ${RUN_JOB_WORKFLOW} starts this slice`);
  if (!parent.workflowId.startsWith(jobWorkflowId(''))) refuse('jobId', 'must be of a job of a cluster');
}

/** @throws ApplicationFailure `INPUT_INVALID`, which ends the workflow. */
export function requireFrontgateInput(input: unknown): asserts input is FrontgateInput {
  const { runtimeId, vpcId, known } = requireObject(input);
  requireText('runtimeId', runtimeId);
  requireText('vpcId', vpcId);
  if (
    workflowInfo().workflowId !== frontgateWorkflowId({ runtimeId: String(runtimeId), vpcId: String(vpcId) })
  )
    refuse('vpcId', 'must be the runtime and VPC of this workflow');
  if (known === undefined) return;
  if (!isObject(known)) refuse('known', 'must be an object');
  const { members, failure, failures, acquired } = known;
  if (!Array.isArray(members) || !members.every(isMember)) refuse('known.members', 'must be members');
  if (failure !== null && !isObject(failure)) refuse('known.failure', 'must be an error');
  requireCount('known.failures', failures);
  if (typeof acquired !== 'boolean') refuse('known.acquired', 'must be true or false');
}

/** Whether a signal is well-formed; a malformed one is logged, and changes nothing. */
export function isFrontgateNews(said: unknown): said is FrontgateNews {
  if (isObject(said) && isText(said['clusterId']) && ['needed', 'kept', 'none'].includes(String(said['use'])))
    return true;
  log.warn('a signal that cannot be read was ignored');
  return false;
}

function isMember(value: unknown): boolean {
  return isObject(value) && isText(value['clusterId']) && ['needed', 'kept'].includes(String(value['use']));
}

function requireQueues(value: unknown): asserts value is QueueScope {
  if (!isObject(value)) refuse('queues', 'must be an object');
  for (const field of ['provider', 'account', 'region']) requireText(`queues.${field}`, value[field]);
}

function requireTiming(value: unknown): asserts value is ActivityTiming {
  if (!isObject(value)) refuse('timing', 'must be an object');
  const { heartbeatSeconds } = value;
  if (typeof heartbeatSeconds !== 'number' || !(heartbeatSeconds > 0 && heartbeatSeconds <= LONGEST_SECONDS))
    refuse('timing.heartbeatSeconds', `must be a number above 0, at most ${LONGEST_SECONDS}`);
}

const LONGEST_SECONDS = 3_600;
const LONGEST_TEXT = 1_000;

function requireObject(value: unknown): Shape {
  if (isObject(value)) return value;
  return refuse(null, 'must be an object');
}

function requireText(field: string, value: unknown): void {
  if (!isText(value)) refuse(field, `must be text of 1 to ${LONGEST_TEXT} characters`);
}

function requireCount(field: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || Number(value) < 0) refuse(field, 'must be a whole number from 0');
}

function isObject(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT;
}

function refuse(field: string | null, message: string): never {
  const { workflowType } = workflowInfo();
  const info: ErrorInfo = {
    kind: 'invalid-input',
    code: 'INPUT_INVALID',
    message: `the workflow ${workflowType} cannot take this input: ${field ?? 'it'} ${message}`,
    hint: 'clients of windlass start it correctly: windlass cluster --help',
    ...(field === null ? {} : { field }),
  };
  const failure = ApplicationFailure.create({
    message: info.message,
    type: info.code,
    nonRetryable: true,
    details: [info],
  });
  // A stack would only show where this code is installed.
  failure.stack = '';
  throw failure;
}
