import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FrontgateActivities, JobActivities, Requests, TaskActivities } from '../src/protocol/index.ts';
import { createActivityKinds } from './activity-kinds.ts';
import type { Attempted } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createJobActivities } from './engine-activities.ts';
import { createFrontgateActivities } from './frontgate/frontgate-activities.ts';
import { behindInterceptor, createInterceptor } from './interceptor.ts';
import { createRequests } from './requests/index.ts';
import { createTaskActivities } from './task-activities.ts';

export type { ActivityDependencies, ActivityLogger } from './dependencies.ts';
export { createAccountGate } from './account-gate.ts';
export { closeJob } from './close-job.ts';
export { createCallBudgets, type CallBudgets } from './call-budget.ts';
export { NO_FAULTS, type FaultPoint } from './fault-point.ts';

/** The activities of a worker, by the kind of queue that they are polled from. */
export interface Activities {
  /** On the workflows' queue: they use only our database. */
  readonly engine: Attempted<
    Pick<JobActivities, 'EndJob' | 'loadSlice'> & Pick<FrontgateActivities, 'LoadFrontgate'>
  >;
  /** On the queues of providers. */
  readonly tasks: Attempted<
    TaskActivities &
      Pick<JobActivities, 'BeginJob' | 'EndJob'> &
      Pick<FrontgateActivities, 'InspectFrontgate'>
  >;
  /** For clients. */
  readonly requests: Requests;
  /** Runs before all of them; each one throws if a worker runs it without. */
  readonly interceptor: ActivityInterceptorsFactory;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  const { BeginJob, EndJob, loadSlice } = createJobActivities(dependencies);
  const { LoadFrontgate, InspectFrontgate } = createFrontgateActivities(dependencies);
  return {
    engine: behindInterceptor({ EndJob, loadSlice, LoadFrontgate }),
    tasks: behindInterceptor({ ...createTaskActivities(dependencies), BeginJob, EndJob, InspectFrontgate }),
    requests: behindInterceptor(createRequests(dependencies)),
    interceptor: createInterceptor(dependencies, createActivityKinds(dependencies)),
  };
}
