import type { WorkerOptions } from '@temporalio/worker';

type Pollers = NonNullable<WorkerOptions['activityTaskPollerBehavior']>;

/**
 * Polls of one queue: two at rest, more while the server says that work waits. Temporal refuses polls
 * over 1,200 in a namespace, and a worker polls four queues for each provider.
 */
export const POLLERS: Pollers = { type: 'autoscaling', minimum: 2, initial: 2, maximum: 6 };

/** Of workflows: some of these poll the worker's own sticky queue. */
export const WORKFLOW_POLLERS: Pollers = { type: 'autoscaling', minimum: 2, initial: 4, maximum: 10 };
