import type { QueueScope } from '../domain/index.ts';

// Queues of their own, with their own slots, from the first day: so that a rate, or a worker
// elsewhere, can be set per account.

export const WORKFLOW_QUEUE = 'windlass-workflows';
export const REQUESTS_QUEUE = 'windlass-requests';
export const NODES_QUEUE = 'windlass-nodes';

export function effectsQueue(scope: QueueScope): string {
  return `windlass-effects/${scope.provider}/${scope.account}/${scope.region}`;
}

export function waitsQueue(scope: QueueScope): string {
  return `windlass-waits/${scope.provider}/${scope.account}/${scope.region}`;
}
