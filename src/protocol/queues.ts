/** Workflows, and steps that use only our database; every worker polls it. */
export const WORKFLOW_QUEUE = 'windlass-workflows';
/** Clients' requests; every worker polls it. */
export const REQUESTS_QUEUE = 'windlass-requests';

/**
 * Work that needs the code of a provider. Each kind has a queue for each provider, polled by the workers
 * that have the provider: `effects` (load, check and plan of a job, effects, questions to a cloud),
 * `waits` (polls until an effect is complete), `nodes` (commands on nodes) and `requests` (requests of
 * clients that a worker without the provider could not answer).
 */
export type ProviderWork = 'effects' | 'waits' | 'nodes' | 'requests';

export function providerQueue(work: ProviderWork, provider: string): string {
  return `windlass-${work}/${provider}`;
}

/** The queues of a job's work. */
export interface JobRoute {
  readonly provider: string;
  /** The fairness key of its account and region: it isolates them inside the queues of the provider. */
  readonly fairnessKey: string;
}
