import { WindlassError, type ErrorInfo } from './errors.ts';
import type { ResourceClaim } from './resource.ts';
import type { TaskRound } from './directives.ts';
import { findCoreFacts, type TaskAction, type TaskActionFacts, type TaskDirectives } from './task-actions.ts';

export const TASK_STATUSES = ['queued', 'working', 'successful', 'failed', 'cancelled', 'skipped'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A task of one action in the plan. Its id and order are assigned when the plan is stored. */
export interface PlannedTaskOf<Action extends TaskAction> {
  readonly action: Action;
  /** The node it works on; null for one that concerns the whole cluster. */
  readonly nodeId: string | null;
  /** Shown to users beside the action in a timeline, e.g. `zk_node 2`. */
  readonly label: string;
  readonly directive: TaskDirectives[Action];
  readonly resources: readonly ResourceClaim[];
  /** Its failure is recorded and does not stop the job. */
  readonly failureAllowed: boolean;
  /** The timeout of its wait, in seconds; only time in which a worker polled counts. */
  readonly timeoutSeconds: number;
}

/** A task of one of these actions, with the directive of that action. */
export type PlannedTask<Actions extends TaskAction = TaskAction> = {
  readonly [Action in Actions]: PlannedTaskOf<Action>;
}[Actions];

/** A planned task: if the action is a variable, the compiler cannot see that the directive belongs to it. */
export function planTask<Action extends TaskAction>(task: PlannedTaskOf<Action>): PlannedTask {
  return task as PlannedTask;
}

/** The state of a task beside its plan. */
export interface TaskProgress {
  /** `<jobId>.<layerIndex>.<index>` */
  readonly taskId: string;
  readonly jobId: string;
  readonly clusterId: string;
  readonly layerIndex: number;
  readonly index: number;
  /** Of a step of lanes: the lane that the task is in. */
  readonly lane: number | null;
  readonly status: TaskStatus;
  /** How often it was opened again after it had failed. */
  readonly round: number;
  /**
   * Attempts of handle and wait that ended in an error, in this round; polls that found it pending do not
   * count.
   */
  readonly failures: number;
  /** What the last poll observed. */
  readonly observation: string | null;
  readonly error: ErrorInfo | null;
  /** When it first began, in any round. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** A task as it is stored: its directive is checked when the task is loaded for its provider. */
export interface StoredTask extends TaskProgress, Omit<PlannedTaskOf<TaskAction>, 'directive'> {
  readonly directive: object;
}

/** A task of one of these actions, with the directive of that action. */
export type Task<Actions extends TaskAction = TaskAction> = {
  readonly [Action in Actions]: TaskProgress & PlannedTaskOf<Action>;
}[Actions];

/**
 * A stored task in the form that its provider gets.
 *
 * @param facts of its action
 * @throws internal `DIRECTIVE_INVALID` for a plan that another version of windlass has made.
 */
export function readTask(stored: StoredTask, facts: Pick<TaskActionFacts, 'directive'>): Task {
  const { taskId, action, directive } = stored;
  const fault = facts.directive.findFault(directive);
  if (fault === undefined) return stored as Task;
  throw new WindlassError('internal', `the directive of task ${taskId} (${action}) lacks a valid ${fault}`, {
    code: 'DIRECTIVE_INVALID',
    hint: 'its plan was made by another version of windlass: cancel the job and start it again',
  });
}

/** What a workflow needs to know of a task: no more than this enters a history. */
export interface TaskRef {
  readonly taskId: string;
  readonly action: TaskAction;
  readonly label: string;
  readonly failureAllowed: boolean;
}

/** Errors that say how a command on a node ended: with an exit code of its own, or by its timeout. */
export const COMMAND_ENDED_CODES: readonly string[] = [
  'SERVICE_FAILED',
  'SERVICE_TIMEOUT',
  'NODE_COMMAND_FAILED',
  'NODE_COMMAND_TIMEOUT',
];
/** The error of a command whose outcome the node does not know. */
export const COMMAND_OUTCOME_UNKNOWN = 'COMMAND_OUTCOME_UNKNOWN';

/**
 * The outcome of an earlier job's task, for a once-only action. `unbegun`: its job ended before its turn.
 * `done`: it succeeded. `failed`: its command reported an error. `unknown`: the node does not know how it
 * ended. `unseen`: it was begun, and its job ended before its end was observed.
 */
export interface PastTask extends TaskRound {
  /** Null for a task of the whole cluster. */
  readonly nodeId: string | null;
  /** Its name in plans, e.g. `member 2`. */
  readonly label: string;
  readonly action: TaskAction;
  readonly end: 'unbegun' | 'done' | 'failed' | 'unknown' | 'unseen';
}

/** How a stored task of a closed job ended. */
export function toPastEnd(
  task: Pick<StoredTask, 'status' | 'startedAt'> & {
    readonly action: TaskAction;
    readonly errorCode: string | null;
  },
): PastTask['end'] {
  if (task.status === 'successful') return 'done';
  if (task.startedAt === null) return 'unbegun';
  // A user has skipped it and takes care of the node by hand. Resources that a cloud was to create still
  // do not exist; the same holds for a provider's own action.
  if (task.status === 'skipped' && (findCoreFacts(task.action)?.by ?? 'cloud') !== 'cloud') return 'done';
  if (task.errorCode === COMMAND_OUTCOME_UNKNOWN) return 'unknown';
  const said = task.status === 'failed' && COMMAND_ENDED_CODES.includes(task.errorCode ?? '');
  return said ? 'failed' : 'unseen';
}
