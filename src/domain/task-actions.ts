import {
  COMMAND,
  INSTANCE,
  METADATA,
  MOUNT,
  NO_DIRECTIVE,
  REFRESH,
  SERVICE,
  SSH_KEYS,
  VOLUMES,
  type DirectiveKind,
} from './directive-kinds.ts';

/** Every fact of a task action. */
export interface TaskActionFacts {
  /**
   * The executor: the `engine`, from stored rows and workflows, without a cloud or a node (the frame
   * builds the metadata for it); the provider, by requests to the `cloud`; or the provider on a `node`,
   * over its sshd. It decides on which queues its activities run.
   */
  readonly by: 'engine' | 'cloud' | 'node';
  readonly directive: DirectiveKind<unknown>;
  /** `only`: nothing is started, only observed. `never`: it is done when its handle returns. */
  readonly wait?: 'only' | 'never';
  /** A once-only task of a create; its outcome decides what a later start has to do. See PastTask. */
  readonly once?: true;
}

const TABLE = {
  RunInstances: { by: 'cloud', directive: INSTANCE, once: true },
  StopInstances: { by: 'cloud', directive: NO_DIRECTIVE },
  StartInstances: { by: 'cloud', directive: NO_DIRECTIVE },
  DeleteInstances: { by: 'cloud', directive: NO_DIRECTIVE },
  ResizeInstances: { by: 'cloud', directive: INSTANCE },
  CreateVolumes: { by: 'cloud', directive: VOLUMES, once: true },
  AttachVolumes: { by: 'cloud', directive: VOLUMES },
  DetachVolumes: { by: 'cloud', directive: VOLUMES },
  DeleteVolumes: { by: 'cloud', directive: VOLUMES },
  ResizeVolumes: { by: 'cloud', directive: VOLUMES },
  AcquireFrontgate: { by: 'engine', directive: NO_DIRECTIVE, wait: 'never' },
  ReleaseFrontgate: { by: 'engine', directive: NO_DIRECTIVE },
  FrontgateAvailable: { by: 'cloud', directive: NO_DIRECTIVE, wait: 'only' },
  RegisterMetadata: { by: 'engine', directive: METADATA, wait: 'never' },
  DeregisterMetadata: { by: 'engine', directive: NO_DIRECTIVE, wait: 'never' },
  PrepareNode: { by: 'node', directive: NO_DIRECTIVE },
  FormatAndMountVolumes: { by: 'node', directive: MOUNT, once: true },
  UnmountVolumes: { by: 'node', directive: MOUNT },
  GrowFilesystems: { by: 'node', directive: MOUNT },
  GenerateSshKeys: { by: 'node', directive: SSH_KEYS, wait: 'never', once: true },
  RefreshConfiguration: { by: 'node', directive: REFRESH },
  StopConfiguration: { by: 'node', directive: NO_DIRECTIVE, wait: 'never' },
  RegisterCustomMetadata: { by: 'node', directive: COMMAND, once: true },
  InitService: { by: 'node', directive: SERVICE, once: true },
  StartService: { by: 'node', directive: SERVICE },
  StopService: { by: 'node', directive: SERVICE },
  RestartService: { by: 'node', directive: SERVICE },
  DestroyService: { by: 'node', directive: SERVICE },
  ScaleOutPreCheck: { by: 'node', directive: SERVICE },
  ScaleOutService: { by: 'node', directive: SERVICE },
  ScaleInPreCheck: { by: 'node', directive: SERVICE },
  ScaleInService: { by: 'node', directive: SERVICE },
  UpgradeService: { by: 'node', directive: SERVICE },
  BackupService: { by: 'node', directive: SERVICE },
  RestoreService: { by: 'node', directive: SERVICE },
  DeleteSnapshotService: { by: 'node', directive: SERVICE },
  CustomService: { by: 'node', directive: SERVICE },
} as const satisfies Record<string, TaskActionFacts>;

/** An action of the table below; those of one provider alone are beside it (see TaskDirectives). */
export type CoreTaskAction = keyof typeof TABLE;

/**
 * The task actions that every provider may plan, with their facts. An activity type is an action's name,
 * its wait `Wait` + the name, so names are append only: histories refer to them.
 */
export const TASK_ACTIONS: Readonly<Record<CoreTaskAction, TaskActionFacts>> = TABLE;

export const TASK_ACTION_NAMES = Object.keys(TABLE) as readonly CoreTaskAction[];

/** The facts of an action of the table; undefined for one that a provider brings. */
export function findCoreFacts(action: string): TaskActionFacts | undefined {
  return Object.hasOwn(TABLE, action) ? TASK_ACTIONS[action as CoreTaskAction] : undefined;
}

type CoreDirectives = {
  readonly [Action in CoreTaskAction]: (typeof TABLE)[Action]['directive'] extends DirectiveKind<
    infer Directive
  >
    ? Directive
    : never;
};

/**
 * What a task of each action is told. A provider that brings actions of its own (`Provider.tasks`) adds
 * them here by `declare module`.
 */
export interface TaskDirectives extends CoreDirectives {}

/** An action of a plan: of the table, or of the provider that plans it. */
export type TaskAction = keyof TaskDirectives;

/** Actions whose facts have this form. */
type ActionsWith<Facts> = {
  [Action in CoreTaskAction]: (typeof TABLE)[Action] extends Facts ? Action : never;
}[CoreTaskAction];

/** The once-only actions of the table. */
export type OnceAction = ActionsWith<{ readonly once: true }>;

export const ONCE_ACTIONS: readonly OnceAction[] = TASK_ACTION_NAMES.filter(
  (action): action is OnceAction => TASK_ACTIONS[action].once === true,
);

/** Actions whose tasks run one service of the package on a node. */
export type ServiceAction = ActionsWith<{ readonly directive: typeof SERVICE }>;

export const SERVICE_ACTIONS: readonly ServiceAction[] = TASK_ACTION_NAMES.filter(
  (action): action is ServiceAction => TASK_ACTIONS[action].directive === SERVICE,
);
