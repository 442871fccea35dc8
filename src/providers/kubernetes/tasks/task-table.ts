import { WindlassError, type TaskAction } from '../../../domain/index.ts';
import type {
  EffectCall,
  HandleResult,
  ObserveCall,
  Observation,
  TaskContext,
} from '../../../provider/index.ts';
import { installRelease } from './install-release.ts';
import type { ReleaseAction } from '../release-tasks.ts';
import type { KubernetesDependencies } from './release-scope.ts';
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

/** The implementation of an action's tasks. */
interface ReleaseTask<Action extends TaskAction = TaskAction> {
  handle(
    dependencies: KubernetesDependencies,
    context: TaskContext<Action>,
    call: EffectCall,
  ): Promise<HandleResult>;
  wait(
    dependencies: KubernetesDependencies,
    context: TaskContext<Action>,
    call: ObserveCall,
  ): Promise<Observation>;
}

/** Implementations by action. */
const TASKS: { readonly [Action in ReleaseAction]: ReleaseTask<Action> } = {
  InstallRelease: { handle: installRelease, wait: waitForRelease },
  UpgradeRelease: { handle: upgradeRelease, wait: waitForChange },
  RollbackRelease: { handle: rollbackRelease, wait: waitForChange },
  UninstallRelease: { handle: uninstallRelease, wait: waitForNothing },
  PurgeRelease: { handle: purgeRelease, wait: waitForPurge },
  StopWorkloads: { handle: stopWorkloads, wait: waitForNoPods },
  StartWorkloads: { handle: startWorkloads, wait: waitForStart },
  RestartWorkloads: { handle: restartWorkloads, wait: waitForRestart },
};

/** @throws invalid-input `ACTION_NOT_SUPPORTED` for an action that no plan of this provider contains. */
export function findTask(action: TaskAction): ReleaseTask {
  const task = (TASKS as Partial<Record<TaskAction, ReleaseTask>>)[action];
  if (task !== undefined) return task;
  throw new WindlassError('invalid-input', `task action ${action} is not supported on Kubernetes`, {
    code: 'ACTION_NOT_SUPPORTED',
    hint: 'the plan was made by a newer windlass: upgrade this worker',
  });
}
