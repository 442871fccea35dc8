import assert from 'node:assert/strict';
import { listTasks } from '../../plan/index.ts';
import { planAction, type Bench } from '../bench.ts';
import type { EngineTask } from '../engine.ts';
import { OPERATIONS } from '../operations.ts';
import { captureError, type TraitContext } from '../trait-context.ts';

/** A node that the cloud has lost is made again as its cluster was resized, not as it was created. */
export function lostNode({ it, withBench }: TraitContext): void {
  it('R1 R3 R7 RunInstances: makes a lost instance of a resized cluster again, with its new size', () =>
    withBench(async (bench) => {
      const { engine } = bench;
      for (const action of ['RunInstances', 'StopInstances', 'ResizeInstances'] as const)
        await engine.run(bench.task(action));
      await loseInstance(bench);
      const again = planAgain(bench, readSize(bench));
      // The row says what was lost: who makes just that is not refused, whatever the create asked for.
      await engine.claimOnly(again);
      await engine.run(bench.task('DeleteInstances'));
      await engine.run(again);
      await assertMadeAgain(bench);
    }));

  it('R1 R3 R7 RunInstances: makes an instance that was lost while it was resized again once it is removed', () =>
    withBench(async (bench) => {
      const { engine } = bench;
      for (const action of ['RunInstances', 'StopInstances'] as const) await engine.run(bench.task(action));
      const created = readSize(bench);
      // Begun, and never seen to end: the row still has the size that is known to have been there.
      await engine.handle(bench.task('ResizeInstances'), { answerLost: true });
      assert.deepEqual(readSize(bench), created, 'size in the row of a resize that has not ended');
      await loseInstance(bench);
      const again = planAgain(bench, { cpu: created.cpu * 2, memoryMiB: created.memoryMiB * 2 });
      const refused = await captureError('making it with another size', () => engine.claimOnly(again));
      assert.equal(refused.code, 'SPEC_CHANGED', refused.message);
      await engine.run(bench.task('DeleteInstances'));
      await engine.run(again);
      await assertMadeAgain(bench);
    }));
}

interface Size {
  readonly cpu: number;
  readonly memoryMiB: number;
}

async function loseInstance({ harness, list }: Bench): Promise<void> {
  for (const { kind, id } of await list()) if (kind === 'instance') await harness.cloud.destroyInstance(id);
}

/** What the newest row of the node's instance says of its size. */
function readSize({ engine, node }: Bench): Size {
  const spec = engine.ledger.newest(node.nodeId)['instance']?.spec;
  return { cpu: Number(spec?.['cpu']), memoryMiB: Number(spec?.['memoryMiB']) };
}

/** The provider's own plan of the node's instance, for a cluster whose roles have this size. */
function planAgain({ engine, harness, node, provider }: Bench, size: Size): EngineTask {
  const cluster = engine.cluster();
  engine.setWanted({ ...cluster, roles: cluster.roles.map((role) => ({ ...role, ...size })) });
  const task = listTasks(planAction(provider, harness, engine.cluster(), 'create', 'pending')).find(
    ({ action, nodeId }) => action === 'RunInstances' && nodeId === node.nodeId,
  );
  assert.ok(task, 'the plan of create makes no instance of the node');
  return engine.toTask(task);
}

async function assertMadeAgain(bench: Bench): Promise<void> {
  const operation = OPERATIONS.find(({ action }) => action === 'RunInstances');
  assert.ok(operation, 'the suite does not know RunInstances');
  await bench.assertHolds(operation);
  const row = bench.engine.ledger.newest(bench.node.nodeId)['instance'];
  assert.equal(row?.generation, 2, 'generation of the instance that was made again');
}
