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
export { closeJob } from './close-job.ts';
export { createCallBudgets, type CallBudgets } from './call-budget.ts';
export { NO_FAULTS, type FaultPoint } from './fault-point.ts';

/** The activities of a worker, by the kind of queue that they are polled from. */
export interface Activities {
  /** On the workflows' queue: only our database. */
  readonly engine: Attempted<JobActivities & Pick<FrontgateActivities, 'LoadFrontgate'>>;
  /** On the queues of accounts and nodes. */
  readonly tasks: Attempted<
    TaskActivities &
      Pick<JobActivities, 'CheckResource' | 'UpdateClusterStatus'> &
      Pick<FrontgateActivities, 'InspectFrontgate'>
  >;
  /** For clients. */
  readonly requests: Requests;
  /** Stands before all of them; each one throws where a worker runs it without. */
  readonly interceptor: ActivityInterceptorsFactory;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  const engine = createJobActivities(dependencies);
  const { CheckResource, UpdateClusterStatus } = engine;
  const { LoadFrontgate, InspectFrontgate } = createFrontgateActivities(dependencies);
  return {
    engine: behindInterceptor({ ...engine, LoadFrontgate }),
    tasks: behindInterceptor({
      ...createTaskActivities(dependencies),
      CheckResource,
      UpdateClusterStatus,
      InspectFrontgate,
    }),
    requests: behindInterceptor(createRequests(dependencies)),
    interceptor: createInterceptor(dependencies, createActivityKinds(dependencies)),
  };
}
