import assert from 'node:assert/strict';
import type { TaskAction } from '../../domain/index.ts';
import type { TraitContext } from '../trait-context.ts';

/** A node's life with every pair in it. */
const MACHINE_LIFE: readonly TaskAction[] = [
  'CreateVolumes',
  'RunInstances',
  'AttachVolumes',
  'ResizeVolumes',
  'StopInstances',
  'ResizeInstances',
  'StartInstances',
  'StopInstances',
  'DetachVolumes',
  'DeleteInstances',
  'DeleteVolumes',
];

/**
 * Every request to the cloud's API is sent by `call.send` or `call.effect`: any other goes past the
 * budget that all workers share. Needs a cloud that counts them. It
 * runs before the traits that leave requests under way behind them.
 */
export function budgeted({ it, life, operations, reads, withBench, optional }: TraitContext): void {
  const known = new Set(operations.map(({ action }) => action));
  const steps = life.kind === 'machines' ? MACHINE_LIFE : [life.make];

  it('R2 every function: sends each request to the cloud within the budget of calls', () =>
    withBench(async (bench) => {
      const { cloud } = bench.harness;
      const countSent = optional('countRequests', cloud.countRequests?.bind(cloud));
      if (countSent === undefined) return;
      const { engine } = bench;
      let all = 0;
      const faults: string[] = [];
      const watch = async (what: string, act: () => Promise<unknown>): Promise<void> => {
        const budgetedBefore = engine.requests();
        const sentBefore = await countSent();
        await act();
        const sent = (await countSent()) - sentBefore;
        const allowed = engine.requests() - budgetedBefore;
        all += sent;
        if (sent > allowed) faults.push(`${what}: ${sent} requests sent, ${allowed} within the budget`);
      };

      for (const action of steps.filter((step) => known.has(step)))
        await watch(action, () => engine.run(bench.task(action)));
      for (const read of reads) await watch(read.name, () => engine.read((call) => read.call(bench, call)));
      assert.ok(all > 0, 'no request was counted: the cloud of the harness counts none of this provider');
      assert.deepEqual(faults, [], 'requests past the budget of calls');
    }));
}
