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
  waitForWorkloads,
} from './scale-workloads.ts';
import { purgeRelease, uninstallRelease, waitForNothing } from './uninstall-release.ts';
import { rollbackRelease, upgradeRelease } from './upgrade-release.ts';
import { waitForRelease } from './wait-release.ts';

type Handle = (world: KubernetesWorld, context: TaskContext, call: EffectCall) => Promise<HandleResult>;
type Wait = (world: KubernetesWorld, context: TaskContext, call: ObserveCall) => Promise<Observation>;

const DONE: Wait = async () => ({ state: 'done' });

/** Who does what, by action. */
const TASKS: Readonly<Partial<Record<TaskAction, { readonly handle: Handle; readonly wait: Wait }>>> = {
  InstallRelease: { handle: installRelease, wait: waitForRelease },
  UpgradeRelease: { handle: upgradeRelease, wait: waitForRelease },
  RollbackRelease: { handle: rollbackRelease, wait: waitForRelease },
  UninstallRelease: { handle: uninstallRelease, wait: waitForNothing },
  PurgeRelease: { handle: purgeRelease, wait: DONE },
  StopWorkloads: { handle: stopWorkloads, wait: waitForNoPods },
  StartWorkloads: { handle: startWorkloads, wait: waitForWorkloads },
  RestartWorkloads: { handle: restartWorkloads, wait: waitForWorkloads },
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
