// Queues of their own, with their own slots, from the first day: so that a rate, or a worker
// elsewhere, can be set per account.

export const WORKFLOW_QUEUE = 'windlass-workflows';
export const READS_QUEUE = 'windlass-reads';
export const NODES_QUEUE = 'windlass-nodes';

/** Part of a queue's name that stands for one account and region of a provider. */
export interface QueueScope {
  readonly provider: string;
  readonly account: string;
  readonly region: string;
}

export function effectsQueue(scope: QueueScope): string {
  return `windlass-effects/${scope.provider}/${scope.account}/${scope.region}`;
}

export function waitsQueue(scope: QueueScope): string {
  return `windlass-waits/${scope.provider}/${scope.account}/${scope.region}`;
}
