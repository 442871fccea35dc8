import type {
  ClusterPurpose,
  ClusterStatus,
  EnvValue,
  ErrorInfo,
  JobAction,
  JobCommand,
  JobHold,
  JobStatus,
  NodeStatus,
  ServedEndpoint,
  StepRuns,
  TaskAction,
  TaskStatus,
  TransitionStatus,
} from '../domain/index.ts';

// The data that users and other programs see, the same in the library and behind `--json`. Fields are
// added, never renamed or removed.

export interface RuntimeView {
  readonly runtimeId: string;
  readonly name: string;
  readonly provider: string;
  readonly url: string;
  readonly zone: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly account: string;
  readonly region: string;
  readonly createdAt: string;
}

export interface AppVersionView {
  readonly versionId: string;
  readonly appName: string;
  readonly version: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
}

export interface NodeView {
  readonly nodeId: string;
  readonly role: string;
  readonly serverId: number;
  readonly groupId: number;
  readonly status: NodeStatus;
  readonly healthStatus: string;
  readonly instanceId: string;
  readonly privateIp: string;
  readonly volumes: readonly {
    readonly volumeId: string;
    readonly sizeGiB: number;
    readonly device: string;
    readonly mountPoint: string;
  }[];
  /** From describeClusterDetails, only with `--refresh`. */
  readonly facts?: Readonly<Record<string, string>>;
}

export interface ClusterSummary {
  readonly clusterId: string;
  /** `frontgate`: the jump host for the clusters of a VPC; it accepts no jobs from outside. */
  readonly purpose: ClusterPurpose;
  readonly name: string;
  readonly app: string;
  readonly versionId: string;
  readonly runtime: string;
  readonly status: ClusterStatus;
  readonly transitionStatus: TransitionStatus | null;
  readonly nodeCount: number;
  readonly createdAt: string;
}

export interface RoleView {
  /** Empty in a package without roles. */
  readonly role: string;
  /** Replicas are not counted. */
  readonly nodes: number;
  readonly replica: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly instanceClass: number;
  readonly volumes: readonly {
    readonly mountPoint: string;
    readonly sizeGiB: number;
    readonly filesystem: string;
  }[];
  /** Secret values show as `{"$secret": …}`. */
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly services: readonly { readonly name: string; readonly custom: boolean }[];
  readonly advancedActions: readonly string[];
}

export interface ClusterView extends Omit<ClusterSummary, 'nodeCount'> {
  readonly endpoints: readonly ServedEndpoint[];
  readonly nodes: readonly NodeView[];
  readonly links: readonly { readonly name: string; readonly clusterId: string }[];
  /** Secret values show as `{"$secret": …}`. */
  readonly env: Readonly<Record<string, EnvValue>>;
  // The following fields were added later: absent in the answers of workers of earlier releases.
  readonly roles?: readonly RoleView[];
  readonly reservedIps?: Readonly<Record<string, string>>;
  /** Work that jobs have planned for a cluster once, such as init of a node, and that no job has done. */
  readonly owed?: readonly {
    readonly action: TaskAction;
    readonly nodeId: string | null;
    readonly label: string;
  }[];
  /** What the package declares for the cluster as a whole. */
  readonly declared?: {
    readonly upgradePolicy: readonly string[];
    readonly upgradingPolicy: string | null;
    readonly backupPolicy: string | null;
    readonly incrementalBackupSupported: boolean;
    readonly multiZonePolicy: string | null;
    readonly metadataRootAccess: boolean;
    readonly advancedServices: readonly string[];
    readonly displayTabs: readonly string[];
    readonly addLinks: readonly string[];
  };
}

/** A part of a cluster's metadata: directories, and values as text. */
export interface ClusterMetadata {
  readonly [key: string]: ClusterMetadata | string;
}

export interface TaskView {
  readonly taskId: string;
  readonly action: TaskAction;
  readonly nodeId: string | null;
  readonly label: string;
  readonly status: TaskStatus;
  /** How often it was opened again after it had failed. */
  readonly round: number;
  /** Attempts that ended in an error, in this round; polls do not count. */
  readonly attempts: number;
  /** What the last poll observed. */
  readonly observation: string | null;
  readonly error: ErrorInfo | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** When the next attempt follows a failed one; only while that is planned. */
  readonly nextAttemptAt?: string;
}

export interface LayerView {
  readonly index: number;
  readonly name: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Those that failed and were skipped, so that the job could continue without them. */
  readonly skipped: number;
  /** All of them up to 200 tasks in the job; beyond that only those that have begun and have not succeeded. */
  readonly tasks: readonly TaskView[];
}

/** A command to a job, or to one of its tasks. */
export type JobCommandView = Pick<JobCommand, 'command' | 'taskId' | 'by' | 'why' | 'at'>;

export interface JobSummary {
  readonly jobId: string;
  readonly clusterId: string;
  readonly action: JobAction;
  readonly status: JobStatus;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly requestedBy: string;
  readonly error: ErrorInfo | null;
  /** Who holds it, since when, and why; null for a job that is not held. */
  readonly held: JobHold | null;
}

/** A step of a job's plan: one layer, or lanes, whose layers are those of all lanes together. */
export interface StepView {
  readonly index: number;
  readonly title: string;
  /** `always`: also after a failure or a cancel. */
  readonly runs: StepRuns;
  /** Null for a step of one layer. A lane does not wait for the others. */
  readonly lanes: { readonly count: number; readonly atOnce: number } | null;
  /** Indexes of its layers. */
  readonly layers: readonly number[];
}

export interface JobView extends JobSummary {
  readonly layers: readonly LayerView[];
  /** What it was told, the oldest first; the newest 50. */
  readonly commands: readonly JobCommandView[];
  /** How the layers belong together. */
  readonly steps: readonly StepView[];
  /** Of the plan and all that it was made from: equal for two jobs that do the same from the same. */
  readonly planHash: string | null;
}
