/** Workflows, and steps that touch only our database; every worker polls it. */
export const WORKFLOW_QUEUE = 'windlass-workflows';
/** Clients' requests; every worker polls it. */
export const REQUESTS_QUEUE = 'windlass-requests';

/**
 * Work for which the code of a provider is needed. Each kind has a queue for each provider, polled by the
 * workers that have the provider: `effects` (load, check and plan of a job, effects, questions to a
 * cloud), `waits` (polls until an effect is there), `nodes` (commands on nodes) and `requests` (requests
 * of clients that a worker without the provider could not answer).
 */
export type ProviderWork = 'effects' | 'waits' | 'nodes' | 'requests';

export function providerQueue(work: ProviderWork, provider: string): string {
  return `windlass-${work}/${provider}`;
}

/** Where the work of a job goes. */
export interface JobRoute {
  readonly provider: string;
  /** Of its account and region: keeps them apart inside the queues of the provider. */
  readonly fairnessKey: string;
}
