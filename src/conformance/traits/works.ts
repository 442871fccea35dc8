import assert from 'node:assert/strict';
import type { Bench } from '../bench.ts';
import { createNodeShell } from '../../nodes/index.ts';
import { assertNodeReached, assertNodeReported } from '../node-report.ts';
import { assertWithinPlan } from '../within-plan.ts';
import { toStatusRequest } from '../reads.ts';
import { settle, type TraitContext } from '../trait-context.ts';

/** Every function does what it is for, and reports what it has done. */
export function works(context: TraitContext): void {
  const { it, life, operations, reads, withBench, optional, waitLimitMs } = context;
  for (const operation of operations) {
    const { action } = operation;
    it(`R4 R5 R12 ${action}: works, and its wait says done only then`, () =>
      withBench(async (bench) => {
        const task = await bench.prepare(operation);
        const before = await bench.list();
        await bench.engine.claimOnly(task);
        const early = await settle(bench.engine.poll(task, { watchMs: 0 }));
        if ('value' in early)
          assert.equal(early.value.state, 'pending', 'looked at before the effect was started');
        // What exists and was not asked to change may be an error; what is to be made is only late.
        else if (operation.makes !== null) throw early.error;
        assert.deepEqual(await bench.list(), before, 'a wait changes nothing');

        const { wait } = await bench.engine.handle(task);
        if (wait) await bench.engine.waitUntilDone(task);
        await bench.assertHolds(operation);
        assertWithinPlan(bench.clusterId, before, await bench.list(), [task.task]);
        assertReported(operation.action, await bench.list(), bench.engine.ledger.listLive());
        if (life.kind !== 'machines') return;
        await assertNodeReported(bench, optional);
        if (!bench.harness.nodesReachable) return;
        const shell = createNodeShell();
        try {
          await assertNodeReached(bench, shell, waitLimitMs);
        } finally {
          await shell.close();
        }
      }));
  }

  if (life.kind === 'machines')
    it('R4 FrontgateAvailable: is observed', () =>
      withBench(async ({ engine, task }) => {
        await engine.waitUntilDone(task('FrontgateAvailable'));
      }));

  it('R12 updateClusterStatus: says active, stopped, lost, each when it is so', () =>
    withBench(async (bench) => {
      const statusOfNode = async () => {
        const { nodes } = await bench.engine.read((call) =>
          bench.provider.updateClusterStatus(toStatusRequest(bench), call),
        );
        return nodes.find((node) => node.nodeId === bench.node.nodeId)?.status;
      };
      await bench.engine.run(bench.task(life.make));
      assert.equal(await statusOfNode(), 'active');
      await assertDetails(bench, life.thing);
      await bench.engine.run(bench.task(life.stop));
      assert.equal(await statusOfNode(), 'stopped');
      for (const { kind, id } of await bench.list()) {
        if (kind === life.thing) await bench.harness.cloud.destroyInstance(id);
      }
      assert.equal(await statusOfNode(), 'lost');
    }));

  for (const read of reads) {
    it(`${read.name}: works and changes nothing`, () =>
      withBench(async (bench) => {
        const before = await bench.list();
        read.assertAnswer(await bench.engine.read((call) => read.call(bench, call)), bench);
        assert.deepEqual(await bench.list(), before);
      }));
  }
}

/** What describeClusterDetails says of a node that is there: a state, and where it is reached. */
async function assertDetails(bench: Bench, thing: string): Promise<void> {
  const { nodes } = await bench.engine.read((call) =>
    bench.provider.describeClusterDetails(toStatusRequest(bench), call),
  );
  const said = nodes.find((node) => node.nodeId === bench.node.nodeId);
  assert.notEqual(said?.state ?? '', '', 'describeClusterDetails says no state of the node');
  const made = (await bench.list()).find(
    ({ kind, token }) => kind === thing && token.includes(bench.node.nodeId),
  );
  if (made?.address === undefined) return;
  assert.ok(
    JSON.stringify(said).includes(made.address),
    `describeClusterDetails does not say the address ${made.address} of the node`,
  );
}

type Named = readonly { readonly token: string; readonly id: string }[];
type Reported = readonly { readonly token: string; readonly cloudId: string; readonly state: string }[];

/** Ledger against cloud: what the provider reported is what there is. */
function assertReported(action: string, existing: Named, ledger: Reported): void {
  assert.deepEqual(
    ledger.map((row) => `${row.token} ${row.state} ${row.cloudId}`).sort(),
    existing.map((resource) => `${resource.token} made ${resource.id}`).sort(),
    `what ${action} reported, beside what the cloud holds`,
  );
}
