import assert from 'node:assert/strict';
import { TASK_ACTIONS, type ClusterStatus, type JobAction } from '../../domain/index.ts';
import { listLayers } from '../../plan/index.ts';
import { planAction, type Bench } from '../bench.ts';
import type { CloudLife } from '../cloud-life.ts';
import type { TraitContext } from '../trait-context.ts';

const LIFE: readonly (readonly [action: JobAction, from: ClusterStatus, instances: string])[] = [
  ['create', 'pending', 'running'],
  ['stop', 'active', 'stopped'],
  ['start', 'stopped', 'running'],
  ['delete', 'active', 'none'],
];

/** The provider's own plans, walked layer by layer, take a cluster through its life. */
export function wholeJobs({ it, life, withBench }: TraitContext): void {
  it('R10 create, stop, start, delete: every task of each plan, for all nodes', () =>
    withBench(async (bench) => {
      for (const [action, from, instances] of LIFE) {
        await walk(bench, action, from);
        await assertThings(bench, life, instances);
      }
      assert.deepEqual(bench.engine.ledger.listLive(), [], 'the ledger has rows of what was deleted');
    }));
}

async function walk(bench: Bench, action: JobAction, from: ClusterStatus): Promise<void> {
  const { engine, harness, provider } = bench;
  engine.setStatus(from);
  for (const layer of listLayers(planAction(provider, harness, engine.cluster(), action, from))) {
    const tasks = layer.tasks.filter(
      (task) => harness.nodesReachable || TASK_ACTIONS[task.action].by !== 'node',
    );
    await Promise.all(
      tasks.map((planned) => {
        const task = engine.toTask(planned);
        return TASK_ACTIONS[planned.action].wait === 'only' ? engine.waitUntilDone(task) : engine.run(task);
      }),
    );
  }
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
