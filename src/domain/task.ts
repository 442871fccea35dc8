import type { ResourceClaim } from './resource.ts';
import type { ErrorInfo } from './errors.ts';

/** Who works on a task, hence on which queues its activities run. */
export type TaskTarget = 'cloud' | 'node';

interface ActionTraits {
  readonly target: TaskTarget;
  /** False where there is nothing to start, only something to observe. */
  readonly handle: boolean;
  /** A create owes it once; what it came to decides what a later start has to do. See PastTask. */
  readonly once?: true;
}

const cloud: ActionTraits = { target: 'cloud', handle: true };
const node: ActionTraits = { target: 'node', handle: true };
const cloudOnce = { target: 'cloud', handle: true, once: true } as const satisfies ActionTraits;
const nodeOnce = { target: 'node', handle: true, once: true } as const satisfies ActionTraits;

/**
 * The layer vocabulary: every task action of every job action (frame.md). An activity type is an
 * action's name, its wait `Wait` + the name, so names are append only: histories refer to them.
 */
export const TASK_ACTIONS = {
  RunInstances: cloudOnce,
  StopInstances: cloud,
  StartInstances: cloud,
  DeleteInstances: cloud,
  ResizeInstances: cloud,
  CreateVolumes: cloudOnce,
  AttachVolumes: cloud,
  DetachVolumes: cloud,
  DeleteVolumes: cloud,
  ResizeVolumes: cloud,
  AcquireFrontgate: cloud,
  ReleaseFrontgate: cloud,
  FrontgateAvailable: { target: 'cloud', handle: false },
  RegisterMetadata: cloud,
  DeregisterMetadata: cloud,
  PrepareNode: node,
  FormatAndMountVolumes: nodeOnce,
  UnmountVolumes: node,
  GrowFilesystems: node,
  GenerateSshKeys: nodeOnce,
  RefreshConfiguration: node,
  StopConfiguration: node,
  RegisterCustomMetadata: nodeOnce,
  InitService: nodeOnce,
  StartService: node,
  StopService: node,
  RestartService: node,
  DestroyService: node,
  ScaleOutPreCheck: node,
  ScaleOutService: node,
  ScaleInPreCheck: node,
  ScaleInService: node,
  UpgradeService: node,
  BackupService: node,
  RestoreService: node,
  DeleteSnapshotService: node,
  CustomService: node,
  SelectNode: node,
  AttachKeyPairs: node,
  DetachKeyPairs: node,
  InstallRelease: cloudOnce,
  UpgradeRelease: cloud,
  RollbackRelease: cloud,
  UninstallRelease: cloud,
  PurgeRelease: cloud,
  StopWorkloads: cloud,
  StartWorkloads: cloud,
  RestartWorkloads: cloud,
} as const satisfies Record<string, ActionTraits>;

export type TaskAction = keyof typeof TASK_ACTIONS;

/** Actions that a create owes once. */
export type OnceAction = {
  [Action in TaskAction]: (typeof TASK_ACTIONS)[Action] extends { readonly once: true } ? Action : never;
}[TaskAction];

export const ONCE_ACTIONS: readonly OnceAction[] = (Object.keys(TASK_ACTIONS) as TaskAction[]).filter(
  (action): action is OnceAction => 'once' in TASK_ACTIONS[action],
);

export const TASK_STATUSES = ['queued', 'working', 'successful', 'failed', 'cancelled', 'skipped'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Plain data that only the provider reads: what the task is to do. Holds no secret. */
export type Directive = Readonly<Record<string, unknown>>;

/** A task as the plan has it. Its id and order are given when the plan is stored. */
export interface PlannedTask {
  readonly action: TaskAction;
  /** The node it works on; null for one that concerns the whole cluster. */
  readonly nodeId: string | null;
  /** What a person reads beside the action in a timeline, e.g. `zk_node 2`. */
  readonly label: string;
  readonly directive: Directive;
  readonly resources: readonly ResourceClaim[];
  /** Its failure is recorded and does not stop the job. */
  readonly failureAllowed: boolean;
  /** How long its wait may last, in seconds, counted only while somebody looked. */
  readonly timeoutSeconds: number;
}

/** Tasks that run in parallel; the next layer starts when all have ended. */
export interface TaskLayer {
  /** Unique within the plan, e.g. `RunInstances` or `StartService order 1`. */
  readonly name: string;
  readonly tasks: readonly PlannedTask[];
}

/** The whole plan of a job, in order. Same input, same plan, byte by byte. */
export type JobPlan = readonly TaskLayer[];

/** Version of the stored form of a plan; a worker refuses a plan newer than it knows. */
export const PLAN_SCHEMA_VERSION = 1;

export interface Task extends PlannedTask {
  /** `<jobId>.<layerIndex>.<index>` */
  readonly taskId: string;
  readonly jobId: string;
  readonly clusterId: string;
  readonly layerIndex: number;
  readonly index: number;
  readonly status: TaskStatus;
  /** Tries of handle and wait that ended in an error; looks that found it pending do not count. */
  readonly failures: number;
  /** What the last look saw. */
  readonly observation: string | null;
  readonly error: ErrorInfo | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** What a workflow needs to know of a task: no more than this enters a history. */
export interface TaskRef {
  readonly taskId: string;
  readonly action: TaskAction;
  readonly label: string;
  readonly failureAllowed: boolean;
}

export interface LayerShape {
  readonly index: number;
  readonly name: string;
  readonly total: number;
}

/** Errors that say how a command on a node ended: by an exit code of its own, or at its limit. */
export const COMMAND_ENDED_CODES: readonly string[] = [
  'SERVICE_FAILED',
  'SERVICE_TIMEOUT',
  'NODE_COMMAND_FAILED',
  'NODE_COMMAND_TIMEOUT',
];
/** The error of a command whose node cannot tell how it ended. */
export const COMMAND_OUTCOME_UNKNOWN = 'COMMAND_OUTCOME_UNKNOWN';

/**
 * What a task of an earlier job came to, for an action that is owed once. `unbegun`: its job ended
 * before its turn. `done`: it succeeded. `failed`: its command said so. `unknown`: the node could not
 * tell how it ended. `unseen`: it was begun, and its job ended before anybody saw it end.
 */
export interface PastTask {
  readonly taskId: string;
  /** Null for one that concerned the whole cluster. */
  readonly nodeId: string | null;
  /** As plans call it, e.g. `member 2`. */
  readonly label: string;
  readonly action: OnceAction;
  readonly end: 'unbegun' | 'done' | 'failed' | 'unknown' | 'unseen';
}

/** How a stored task of a closed job ended. */
export function toPastEnd(
  task: Pick<Task, 'status' | 'startedAt'> & { readonly errorCode: string | null },
): PastTask['end'] {
  if (task.status === 'successful') return 'done';
  if (task.startedAt === null) return 'unbegun';
  if (task.errorCode === COMMAND_OUTCOME_UNKNOWN) return 'unknown';
  const said = task.status === 'failed' && COMMAND_ENDED_CODES.includes(task.errorCode ?? '');
  return said ? 'failed' : 'unseen';
}
