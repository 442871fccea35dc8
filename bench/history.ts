import type { Client } from '@temporalio/client';
import { createCluster } from './jobs.ts';
import type { Bench, PartResult } from './part.ts';
import { round } from './statistics.ts';

const AIM_EVENTS = 10_000;
const AIM_BYTES = 10_000_000;

interface History {
  readonly workflowId: string;
  readonly events: number;
  readonly bytes: number;
}

/** How much history a wide create leaves: in all, for each node, and in its largest workflow. */
export async function measureHistory(bench: Bench, temporal: Client): Promise<PartResult> {
  const nodes = bench.settings.historyNodes;
  const worker = await bench.startWorker('windlass');
  try {
    const { workflowId } = await createCluster(bench, 'instant', nodes);
    const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
    const children = (events ?? []).flatMap(
      (event) => event.childWorkflowExecutionCompletedEventAttributes?.workflowExecution?.workflowId ?? [],
    );
    const histories: History[] = [];
    for (const id of [workflowId, ...children]) histories.push(await readHistory(temporal, id));
    const sum = (field: 'events' | 'bytes'): number =>
      histories.reduce((total, history) => total + history[field], 0);
    const largest = (field: 'events' | 'bytes'): number =>
      Math.max(...histories.map((history) => history[field]));
    const of = `create of ${nodes} nodes, ${histories.length} histories`;
    return {
      findings: [
        {
          what: `${of}: for each node`,
          value: `${round(sum('events') / nodes)} events, ${round(sum('bytes') / nodes, 0)} bytes`,
        },
        { what: `${of}: the job's own, events`, value: String(histories[0]?.events ?? 0) },
        {
          what: `${of}: largest, events`,
          value: String(largest('events')),
          aim: `< ${AIM_EVENTS}`,
          met: largest('events') < AIM_EVENTS,
        },
        {
          what: `${of}: largest, bytes`,
          value: String(largest('bytes')),
          aim: `< ${AIM_BYTES}`,
          met: largest('bytes') < AIM_BYTES,
        },
      ],
      raw: histories,
    };
  } finally {
    await worker.stop();
  }
}

async function readHistory(temporal: Client, workflowId: string): Promise<History> {
  const { historyLength, historySize } = await temporal.workflow.getHandle(workflowId).describe();
  // Without a size the aim could not be missed.
  if (historySize === undefined) throw new Error(`the server does not tell the size of ${workflowId}`);
  return { workflowId, events: historyLength, bytes: historySize };
}
