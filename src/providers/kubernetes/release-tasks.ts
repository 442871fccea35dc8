import {
  describeDirective,
  isFlag,
  isGroup,
  isListOf,
  isNumber,
  isOptional,
  isShaped,
  isText,
  type Check,
  type DirectiveKind,
  type Shape,
} from '../../domain/index.ts';
import type { ProviderTasks } from '../../provider/index.ts';

// What tasks of a release are told, and the task actions that only this provider has.

/** The release of a chart. */
export interface ReleaseDirective {
  readonly release: string;
  readonly namespace: string;
}

/**
 * What earlier jobs have set beside the chart's values: how many, and how large. Passed through
 * helm itself, so that every revision of the release holds it, and a rollback takes it back too.
 */
export interface WorkloadOverride {
  readonly kind: string;
  readonly name: string;
  readonly replicas?: number;
  /** Of the workload's first container. */
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
  /** Its pods stay away. */
  readonly stopped?: boolean;
}

export interface ChangeReleaseDirective extends ReleaseDirective {
  readonly overrides: readonly WorkloadOverride[];
  /** Whether its pods shall stay away: the cluster is stopped. */
  readonly stopped: boolean;
  /** Scaling and sizes are no new version: the chart's hooks are not run for them. */
  readonly hooks: boolean;
  /**
   * Whether the chart is rendered again, as for another version or other values; otherwise what helm has
   * recorded is taken.
   */
  readonly renders: boolean;
}

export interface UninstallReleaseDirective extends ReleaseDirective {
  /** The chart's hooks are left out: they may be what fails. */
  readonly force: boolean;
}

export interface WorkloadCount {
  readonly kind: string;
  readonly name: string;
  /** How many pods it shall have when it runs. */
  readonly replicas: number;
}

export interface WorkloadsDirective extends ReleaseDirective {
  readonly workloads: readonly WorkloadCount[];
}

const isTexts: Check<Readonly<Record<string, string>>> = (value): value is Readonly<Record<string, string>> =>
  isGroup(value) && Object.values(value).every(isText);

const RELEASE_SHAPE: Shape<ReleaseDirective> = { release: isText, namespace: isText };
const RELEASE = describeDirective<ReleaseDirective>(RELEASE_SHAPE);
const CHANGE_RELEASE = describeDirective<ChangeReleaseDirective>({
  ...RELEASE_SHAPE,
  overrides: isListOf(
    isShaped<WorkloadOverride>({
      kind: isText,
      name: isText,
      replicas: isOptional(isNumber),
      requests: isOptional(isTexts),
      limits: isOptional(isTexts),
      stopped: isOptional(isFlag),
    }),
  ),
  stopped: isFlag,
  hooks: isFlag,
  renders: isFlag,
});
const UNINSTALL_RELEASE = describeDirective<UninstallReleaseDirective>({ ...RELEASE_SHAPE, force: isFlag });
const WORKLOADS = describeDirective<WorkloadsDirective>({
  ...RELEASE_SHAPE,
  workloads: isListOf(isShaped<WorkloadCount>({ kind: isText, name: isText, replicas: isNumber })),
});

/** The facts of the task actions of a release. Names are append only: they are activity types. */
export const RELEASE_TASKS = {
  InstallRelease: { by: 'cloud', directive: RELEASE, once: true },
  UpgradeRelease: { by: 'cloud', directive: CHANGE_RELEASE },
  RollbackRelease: { by: 'cloud', directive: CHANGE_RELEASE },
  UninstallRelease: { by: 'cloud', directive: UNINSTALL_RELEASE },
  PurgeRelease: { by: 'cloud', directive: RELEASE },
  StopWorkloads: { by: 'cloud', directive: WORKLOADS },
  StartWorkloads: { by: 'cloud', directive: WORKLOADS },
  RestartWorkloads: { by: 'cloud', directive: WORKLOADS },
} as const satisfies ProviderTasks;

export type ReleaseAction = keyof typeof RELEASE_TASKS;

type ReleaseDirectives = {
  readonly [Action in ReleaseAction]: (typeof RELEASE_TASKS)[Action]['directive'] extends DirectiveKind<
    infer Directive
  >
    ? Directive
    : never;
};

declare module '../../domain/task-actions.ts' {
  interface TaskDirectives extends ReleaseDirectives {}
}
