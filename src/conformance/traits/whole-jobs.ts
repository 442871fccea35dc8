import assert from 'node:assert/strict';
import { statusAfterSuccess, type ClusterStatus } from '../../domain/index.ts';
import { findTaskFacts } from '../../provider/index.ts';
import { listLayers, listTasks } from '../../plan/index.ts';
import type { Bench } from '../bench.ts';
import type { CloudLife } from '../cloud-life.ts';
import { listLife, planJob, type PlannedJob } from '../planned-jobs.ts';
import { assertWithinPlan } from '../within-plan.ts';
import type { TraitContext } from '../trait-context.ts';

const INSTANCES_AFTER: Readonly<Partial<Record<ClusterStatus, string>>> = {
  active: 'running',
  stopped: 'stopped',
  deleted: 'none',
};

/** The provider's own plans, walked layer by layer, take a cluster through its life. */
export function wholeJobs({ it, life, withBench, capabilities }: TraitContext): void {
  const asks = listLife({ capabilities });
  it(`R10 ${asks.map(({ action }) => action).join(', ')}: every task of each plan, for all nodes`, () =>
    withBench(async (bench) => {
      const { engine, harness, provider } = bench;
      for (const ask of asks) {
        const job = await planJob(provider, harness, engine.cluster(), ask);
        const before = await bench.list();
        await walk(bench, job);
        // What an upgrade does inside of a release is Helm's.
        if (life.kind === 'machines')
          assertWithinPlan(bench.clusterId, before, await bench.list(), listTasks(job.plan));
        await assertThings(bench, life, INSTANCES_AFTER[statusAfterSuccess(ask.action, ask.from)] ?? 'none');
      }
      assert.deepEqual(engine.ledger.listLive(), [], 'the ledger has rows of what was deleted');
    }));
}

async function walk(
  { engine, harness, provider }: Bench,
  { plan, from, joined, wanted }: PlannedJob,
): Promise<void> {
  engine.setWanted(joined);
  engine.setStatus(from);
  for (const layer of listLayers(plan)) {
    const tasks = layer.tasks.filter(
      (task) => harness.nodesReachable || findTaskFacts(task.action, provider).by !== 'node',
    );
    await Promise.all(
      tasks.map((planned) => {
        const task = engine.toTask(planned);
        return findTaskFacts(planned.action, provider).wait === 'only'
          ? engine.waitUntilDone(task)
          : engine.run(task);
      }),
    );
  }
  const staying = new Set(wanted.nodes.map(({ nodeId }) => nodeId));
  const ended = engine.cluster();
  engine.setWanted({ ...ended, nodes: ended.nodes.filter(({ nodeId }) => staying.has(nodeId)) });
}

async function assertThings({ engine, list }: Bench, life: CloudLife, state: string): Promise<void> {
  const resources = await list();
  if (state === 'none') {
    assert.deepEqual(resources, []);
    return;
  }
  const things = resources.filter(({ kind }) => kind === life.thing);
  const expected = life.kind === 'machines' ? engine.cluster().nodes.length : 1;
  assert.equal(
    things.length,
    expected,
    life.kind === 'machines' ? 'one instance for each node' : 'one release',
  );
  for (const instance of things) assert.equal(instance.state, state, `state of ${instance.id}`);
}
