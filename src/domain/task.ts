import type { ErrorInfo } from './errors.ts';

/** Who works on a task, hence on which queues its activities run. */
export type TaskTarget = 'cloud' | 'node';

interface ActionTraits {
  readonly target: TaskTarget;
  /** False where there is nothing to start, only something to observe. */
  readonly handle: boolean;
}

const cloud: ActionTraits = { target: 'cloud', handle: true };
const node: ActionTraits = { target: 'node', handle: true };

/**
 * The layer vocabulary: every task action of every job action (frame.md). An activity type is an
 * action's name, its wait `Wait` + the name, so names are append only: histories refer to them.
 */
export const TASK_ACTIONS = {
  RunInstances: cloud,
  StopInstances: cloud,
  StartInstances: cloud,
  DeleteInstances: cloud,
  ResizeInstances: cloud,
  CreateVolumes: cloud,
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
  FormatAndMountVolumes: node,
  UnmountVolumes: node,
  GrowFilesystems: node,
  GenerateSshKeys: node,
  RefreshConfiguration: node,
  StopConfiguration: node,
  RegisterCustomMetadata: node,
  InitService: node,
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
  InstallRelease: cloud,
  UpgradeRelease: cloud,
  RollbackRelease: cloud,
  UninstallRelease: cloud,
  PurgeRelease: cloud,
  StopWorkloads: cloud,
  StartWorkloads: cloud,
  RestartWorkloads: cloud,
} as const satisfies Record<string, ActionTraits>;

export type TaskAction = keyof typeof TASK_ACTIONS;

export const TASK_STATUSES = ['queued', 'working', 'successful', 'failed', 'cancelled', 'skipped'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Plain data that only the provider reads: what the task is to do. Holds no secret. */
export type Directive = Readonly<Record<string, unknown>>;

/**
 * A ledger row that a task works on. The engine leases it for the length of the handle.
 * `make`: the row is written if it is not there, and a `gone` one is followed by the next
 * generation. `use`: it must exist for the effect to make sense; what is gone stays gone.
 */
export interface ResourceClaim {
  /** As in LedgerResource.kind. */
  readonly kind: string;
  readonly intent: 'make' | 'use';
}

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
