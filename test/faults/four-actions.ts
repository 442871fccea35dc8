import { auditLedger, waitForSnapshot, cloudAfter, type CloudSnapshot } from './snapshot-cloud.ts';
import { ACTIONS, problemsOf, NODES, waitForEnd, type Action, type LocalScenario } from './local-scenario.ts';

/** The state after an action. */
export interface Stage {
  readonly action: Action;
  readonly cloud: CloudSnapshot;
  /** For each node: the services that ran so far, in order. */
  readonly services: readonly string[];
  /** Errors of the job, and differences between ledger and cloud. */
  readonly problems: readonly string[];
}

/**
 * The life of one cluster: create, stop, start, delete. Each phase of the fault folder is named after its
 * action. The cloud may need a moment to reach the expected state; the last state is returned.
 */
export async function runFourActions(scenario: LocalScenario): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  let clusterId: string | undefined;
  for (const action of ACTIONS) {
    scenario.faults.enter(action);
    await scenario.records.keep();
    const job = await scenario.begin(action, clusterId);
    clusterId = job.clusterId;
    const view = await waitForEnd(scenario.client, job);
    await scenario.records.keep();
    stages.push({
      action,
      cloud: await waitForSnapshot(scenario.cloud, cloudAfter(action, NODES)),
      services: scenario.records.read(),
      problems: [
        ...problemsOf(view),
        ...(await auditLedger(scenario.stack.databaseUrl, scenario.cloud, job.clusterId)),
      ],
    });
  }
  return stages;
}
