import type { Reads } from '../src/domain/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createEngineActivities, type EngineActivities } from './engine-activities.ts';
import { createFrontgateActivities, type FrontgateActivities } from './frontgate/frontgate-activities.ts';
import { giveUpStep } from './give-up.ts';
import { guardActivities, type ActivityGuard } from './guard-activities.ts';
import { checkRead } from './inputs/read-inputs.ts';
import { createAdmission } from './own-job.ts';
import { createReads } from './reads/index.ts';
import { createTaskActivities, type TaskActivities } from './task-activities.ts';

export type { ActivityDependencies, ActivityLogger } from './dependencies.ts';
export { closeJob, type JobEnd } from './close-job.ts';
export type { EngineActivities } from './engine-activities.ts';
export type { FrontgateActivities, LoadedFrontgate } from './frontgate/frontgate-activities.ts';
export { createCallBudgets, type CallBudgets } from './call-budget.ts';
export { NO_FAULTS, type FaultPoint } from './fault-point.ts';
export type { Progress } from './heartbeat.ts';
export type { TaskActivities } from './task-activities.ts';

/** The activities of a worker, by the kind of queue that they are polled from. */
export interface Activities {
  /** On the workflows' queue: only our database. */
  readonly engine: EngineActivities & Pick<FrontgateActivities, 'LoadFrontgate'>;
  /** On the queues of accounts and nodes. */
  readonly tasks: TaskActivities &
    Pick<EngineActivities, 'CheckResource' | 'UpdateClusterStatus'> &
    Pick<FrontgateActivities, 'InspectFrontgate'>;
  /** For clients. */
  readonly reads: Reads;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  const { stores, redactor } = dependencies;
  const engine = createEngineActivities(dependencies);
  const { CheckResource, UpdateClusterStatus } = engine;
  const { LoadFrontgate, InspectFrontgate } = createFrontgateActivities(dependencies);
  const tasks = {
    ...createTaskActivities(dependencies),
    CheckResource,
    UpdateClusterStatus,
    InspectFrontgate,
  };
  const steps: ActivityGuard = {
    admit: createAdmission(stores),
    giveUp: (step, input, job, error) => giveUpStep(stores, step, input, job, error),
  };
  const reads: ActivityGuard = {
    async admit(read, input) {
      checkRead(read, input);
      return null;
    },
  };
  return {
    engine: guardActivities({ ...engine, LoadFrontgate }, steps, redactor),
    tasks: guardActivities(tasks, steps, redactor),
    reads: guardActivities(createReads(dependencies), reads, redactor),
  };
}
