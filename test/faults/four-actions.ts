import { auditLedger, surveyAtRest, surveyUntil, type Survey } from './survey.ts';
import { ACTIONS, complaintsOf, waitForEnd, type Action, type TinyLane } from './tiny-lane.ts';

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
 * after its action. With `expected` the world may take a moment to look like it; without, to rest.
 */
export async function runFourActions(
  lane: TinyLane,
  expected: readonly Stage[] = [],
): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  let clusterId: string | undefined;
  for (const action of ACTIONS) {
    lane.faults.enter(action);
    await lane.records.keep();
    const job = await lane.begin(action, clusterId);
    clusterId = job.clusterId;
    const view = await waitForEnd(lane.client, job);
    await lane.records.keep();
    const wanted = expected.find((stage) => stage.action === action)?.world;
    const world =
      wanted === undefined ? await surveyAtRest(lane.world) : await surveyUntil(lane.world, wanted);
    stages.push({
      action,
      world,
      services: lane.records.read(),
      complaints: [
        ...complaintsOf(view),
        ...(await auditLedger(lane.stack.databaseUrl, lane.world, job.clusterId)),
      ],
    });
  }
  return stages;
}
