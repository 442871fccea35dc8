import { WindlassError, type TaskAction } from '../../../domain/index.ts';
import type {
  EffectCall,
  HandleResult,
  ObserveCall,
  Observation,
  TaskContext,
} from '../../../provider/index.ts';
import { installRelease } from './install-release.ts';
import type { KubernetesWorld } from './release-scope.ts';
import {
  restartWorkloads,
  startWorkloads,
  stopWorkloads,
  waitForNoPods,
  waitForRestart,
  waitForStart,
} from './scale-workloads.ts';
import { purgeRelease, uninstallRelease, waitForNothing, waitForPurge } from './uninstall-release.ts';
import { rollbackRelease, upgradeRelease } from './upgrade-release.ts';
import { waitForChange, waitForRelease } from './wait-release.ts';

type Handle = (world: KubernetesWorld, context: TaskContext, call: EffectCall) => Promise<HandleResult>;
type Wait = (world: KubernetesWorld, context: TaskContext, call: ObserveCall) => Promise<Observation>;

/** Who does what, by action. */
const TASKS: Readonly<Partial<Record<TaskAction, { readonly handle: Handle; readonly wait: Wait }>>> = {
  InstallRelease: { handle: installRelease, wait: waitForRelease },
  UpgradeRelease: { handle: upgradeRelease, wait: waitForChange },
  RollbackRelease: { handle: rollbackRelease, wait: waitForChange },
  UninstallRelease: { handle: uninstallRelease, wait: waitForNothing },
  PurgeRelease: { handle: purgeRelease, wait: waitForPurge },
  StopWorkloads: { handle: stopWorkloads, wait: waitForNoPods },
  StartWorkloads: { handle: startWorkloads, wait: waitForStart },
  RestartWorkloads: { handle: restartWorkloads, wait: waitForRestart },
};

/** @throws invalid-input `ACTION_NOT_SUPPORTED` for an action that no plan of this provider holds. */
export function findTask(action: TaskAction): { readonly handle: Handle; readonly wait: Wait } {
  const task = TASKS[action];
  if (task !== undefined) return task;
  throw new WindlassError('invalid-input', `tasks of action ${action} are not supported on Kubernetes`, {
    code: 'ACTION_NOT_SUPPORTED',
    hint: 'the plan was made by a newer windlass: upgrade this worker',
  });
}
