import type { WorkerOptions } from '@temporalio/worker';

type Pollers = NonNullable<WorkerOptions['activityTaskPollerBehavior']>;

/**
 * Pollers of one queue: two when idle, more while the server reports a backlog. Temporal refuses more than
 * 1,200 polls in a namespace, and a worker polls four queues for each provider.
 */
export const POLLERS: Pollers = { type: 'autoscaling', minimum: 2, initial: 2, maximum: 6 };

/** For workflows: some of these poll the worker's own sticky queue. */
export const WORKFLOW_POLLERS: Pollers = { type: 'autoscaling', minimum: 2, initial: 4, maximum: 10 };
