import { WindlassError, type Directive, type Task } from '../../domain/index.ts';
import type { WorkloadOverride } from './helm/overrides.ts';

/** What tasks on a release are told. Nothing of it changes from try to try, and it holds no secret. */
export interface ReleaseDirective {
  readonly release: string;
  readonly namespace: string;
}

/** Directive of UpgradeRelease and RollbackRelease. */
export interface ChangeDirective extends ReleaseDirective {
  readonly overrides: readonly WorkloadOverride[];
  /** Whether its pods shall stay away: the cluster is stopped. */
  readonly stopped: boolean;
  /** Scaling and sizes are no new version: the chart's hooks are not run for them. */
  readonly hooks: boolean;
  /**
   * Whether the chart is rendered anew, as for another version or other values; else what helm has
   * recorded is taken. Absent in plans of before: then as `hooks` says.
   */
  readonly renders?: boolean;
}

/** Directive of StopWorkloads, StartWorkloads and RestartWorkloads. */
export interface WorkloadsDirective extends ReleaseDirective {
  readonly workloads: readonly WorkloadCount[];
}

export interface WorkloadCount {
  readonly kind: string;
  readonly name: string;
  /** How many pods it shall have when it runs. */
  readonly replicas: number;
}

/** Directive of UninstallRelease. */
export interface UninstallDirective extends ReleaseDirective {
  /** The chart's hooks are left out: they may be what fails. */
  readonly force: boolean;
}

/** Plain data to everyone but the provider: a plan holds nothing else. */
export function toDirective(directive: ReleaseDirective): Directive {
  return { ...directive };
}

/** @throws internal `KUBERNETES_DIRECTIVE` for a plan that another version of windlass has written. */
export function readDirective<T extends ReleaseDirective>(task: Pick<Task, 'taskId' | 'directive'>): T {
  const { release, namespace } = task.directive;
  if (typeof release === 'string' && typeof namespace === 'string') return task.directive as unknown as T;
  throw new WindlassError('internal', `the directive of task ${task.taskId} cannot be read`, {
    code: 'KUBERNETES_DIRECTIVE',
    hint: 'the plan was made by another version of windlass',
  });
}
