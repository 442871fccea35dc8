import type { FrontgateActivities, JobActivities, Requests, TaskActivities } from '../src/protocol/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createJobActivities } from './engine-activities.ts';
import { createFrontgateActivities } from './frontgate/frontgate-activities.ts';
import { giveUpStep } from './give-up.ts';
import { guardActivities, type ActivityGuard } from './guard-activities.ts';
import { checkRequest } from './inputs/request-inputs.ts';
import { createAdmission } from './own-job.ts';
import { createRequests } from './requests/index.ts';
import { createTaskActivities } from './task-activities.ts';

export type { ActivityDependencies, ActivityLogger } from './dependencies.ts';
export { closeJob } from './close-job.ts';
export { createCallBudgets, type CallBudgets } from './call-budget.ts';
export { NO_FAULTS, type FaultPoint } from './fault-point.ts';

/** The activities of a worker, by the kind of queue that they are polled from. */
export interface Activities {
  /** On the workflows' queue: only our database. */
  readonly engine: JobActivities & Pick<FrontgateActivities, 'LoadFrontgate'>;
  /** On the queues of accounts and nodes. */
  readonly tasks: TaskActivities &
    Pick<JobActivities, 'CheckResource' | 'UpdateClusterStatus'> &
    Pick<FrontgateActivities, 'InspectFrontgate'>;
  /** For clients. */
  readonly requests: Requests;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  const { stores, redactor } = dependencies;
  const engine = createJobActivities(dependencies);
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
  const requests: ActivityGuard = {
    async admit(read, input) {
      checkRequest(read, input);
      return null;
    },
  };
  return {
    engine: guardActivities({ ...engine, LoadFrontgate }, steps, redactor),
    tasks: guardActivities(tasks, steps, redactor),
    requests: guardActivities(createRequests(dependencies), requests, redactor),
  };
}
