import { auditLedger, surveyUntil, worldAfter, type Survey } from './survey.ts';
import { ACTIONS, complaintsOf, NODES, waitForEnd, type Action, type TinyLane } from './tiny-lane.ts';

/** What was there after an action. */
export interface Stage {
  readonly action: Action;
  readonly world: Survey;
  /** For each node: the services that ran so far, in order. */
  readonly services: readonly string[];
  /** What did not go well, and where ledger and world differ. */
  readonly complaints: readonly string[];
}

/**
 * The life of one cluster: create, stop, start, delete. Each phase of the fault folder is named
 * after its action. The world may take a moment to look as it should; it is told as it is then.
 */
export async function runFourActions(lane: TinyLane): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  let clusterId: string | undefined;
  for (const action of ACTIONS) {
    lane.faults.enter(action);
    await lane.records.keep();
    const job = await lane.begin(action, clusterId);
    clusterId = job.clusterId;
    const view = await waitForEnd(lane.client, job);
    await lane.records.keep();
    stages.push({
      action,
      world: await surveyUntil(lane.world, worldAfter(action, NODES)),
      services: lane.records.read(),
      complaints: [
        ...complaintsOf(view),
        ...(await auditLedger(lane.stack.databaseUrl, lane.world, job.clusterId)),
      ],
    });
  }
  return stages;
}
