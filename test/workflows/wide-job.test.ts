import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, Connection } from '@temporalio/client';
import { SLICE_TASKS } from '../../src/plan/index.ts';
import { jobWorkflowId } from '../../src/protocol/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/packages/instant', import.meta.url));
const NODES = 250;
/** Of a layer, and of lanes: one for each node with an instance to make and to prepare, one for the frontgate. */
const LAYER_SLICES = Math.ceil(NODES / SLICE_TASKS);
const LANE_SLICES = Math.ceil((NODES + 1) / Math.floor(SLICE_TASKS / 2));

// As the fixture, without volumes and services: fewer layers, each as wide.
const TEMPLATE = `{
  "name": {{cluster.name}},
  "description": {{cluster.description}},
  "vxnet": {{cluster.vxnet}},
  "nodes": [
    {
      "role": "node",
      "container": { "type": "kvm", "image": "img-instant" },
      "count": {{cluster.count}},
      "cpu": 1,
      "memory": 1024
    }
  ]
}
`;

let stack: TestStack;
let folder: string;
let temporal: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-wide-'));
  cpSync(PACKAGE, folder, { recursive: true });
  writeFileSync(join(folder, 'cluster.json.mustache'), TEMPLATE);
  stack = await startStack();
  const { address, namespace } = stack.temporal;
  temporal = new Client({ connection: await Connection.connect({ address }), namespace });
  await stack.startWorker({ WINDLASS_TEST_INSTANT: JSON.stringify({ handles: 'done' }) });
  await stack.client.runtimes.create({ name: 'cloud', provider: 'instant', zone: 'instant-1' });
});
afterAll(async () => {
  await temporal?.connection.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the job of a cluster of 250 nodes', () => {
  it('walks slices in children, so that its own history stays small', { timeout: 240_000 }, async () => {
    const { clusterId, jobId } = await stack.client.clusters.create({
      app: folder,
      runtime: 'cloud',
      conf: { cluster: { count: NODES } },
    });
    const job = await stack.client.jobs.wait(jobId, { clusterId, pollMs: 2_000 });
    expect(job).toMatchObject({ status: 'successful', error: null });
    const wide = job.layers.filter((layer) => layer.total === NODES);
    expect(wide.length).toBeGreaterThan(2);
    expect(wide.every((layer) => layer.done === NODES)).toBe(true);

    const handle = temporal.workflow.getHandle(jobWorkflowId(clusterId));
    const { events } = await handle.fetchHistory();
    expect(events?.length).toBeLessThan(1_000);
    const children = (events ?? []).flatMap(
      (event) => event.childWorkflowExecutionCompletedEventAttributes?.workflowExecution?.workflowId ?? [],
    );
    const lanes = job.steps.filter((step) => step.lanes !== null);
    expect(lanes.map((step) => step.lanes)).toEqual([{ count: NODES + 1, atOnce: NODES + 1 }]);
    expect(children).toHaveLength(LANE_SLICES + LAYER_SLICES);
    for (const child of children) {
      const { historyLength } = await temporal.workflow.getHandle(child).describe();
      expect(historyLength).toBeLessThan(2_000);
    }
    const cluster = await stack.client.clusters.describe(clusterId);
    expect(cluster.nodes.filter((node) => node.instanceId !== '')).toHaveLength(NODES);
  });
});
