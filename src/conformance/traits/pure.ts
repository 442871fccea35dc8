import assert from 'node:assert/strict';
import type { ClusterWrapper, ParsedCluster } from '../../domain/index.ts';
import type { Bench } from '../bench.ts';
import { listLayers } from '../../plan/index.ts';
import { deepFreeze } from '../deep-freeze.ts';
import { listLife, planBefore, planJob, type Ask } from '../planned-jobs.ts';
import type { TraitContext } from '../trait-context.ts';

const FACTS = ['clusterId', 'status', 'transitionStatus', 'wasActive', 'previous', 'conf', 'createdAt'];

/** parseClusterConf and splitJobIntoTasks: same input, same answer, byte by byte, and no effect. */
export function pure({ it, capabilities, withBench }: TraitContext): void {
  const asks = listLife({ capabilities });
  it('parseClusterConf: gives the same specs for the same request, byte by byte, and no effect', () =>
    withBench(async (bench) => {
      const clusterId = bench.engine.cluster().cluster.clusterId;
      const first = await parse(bench, clusterId);
      assert.equal(JSON.stringify(await parse(bench, clusterId)), JSON.stringify(first));
      assert.deepEqual(await bench.list(), []);
    }));

  it('parseClusterConf: decides what shall be, and reports nothing that happens', () =>
    withBench(async (bench) => {
      const { cluster, roles } = await parse(bench, bench.engine.cluster().cluster.clusterId);
      assert.ok(roles.some(({ count }) => count > 0));
      for (const part of [cluster, ...roles]) {
        for (const fact of FACTS) assert.ok(!(fact in part), `${fact} is a fact of the engine`);
      }
    }));

  for (const ask of [...asks, ...asks.filter(({ action }) => action === 'delete').map(toFailed)]) {
    const what = `${ask.action} of a cluster that is ${ask.from}`;
    it(`splitJobIntoTasks: plans ${what} the same way, byte by byte`, () =>
      withBench(async ({ provider, harness, engine }) => {
        const cluster = deepFreeze(
          await planBefore(provider, harness, structuredClone(engine.cluster()), ask),
        );
        const { request, plan } = await planJob(provider, harness, cluster, ask);
        const text = JSON.stringify(plan);
        assert.equal(JSON.stringify(provider.splitJobIntoTasks(request)), text, 'a second time');
        const turned = deepFreeze({
          ...request,
          cluster: turnRound(request.cluster),
          ...(request.before === undefined ? {} : { before: turnRound(request.before) }),
        });
        assert.equal(
          JSON.stringify(provider.splitJobIntoTasks(turned)),
          text,
          'with roles, nodes, links and keys in another order',
        );
      }));

    it(`splitJobIntoTasks: plans no empty layer of ${what}, and plain JSON`, () =>
      withBench(async ({ provider, harness, engine }) => {
        const cluster = await planBefore(provider, harness, engine.cluster(), ask);
        const { plan } = await planJob(provider, harness, cluster, ask);
        for (const layer of listLayers(plan))
          assert.ok(layer.tasks.length > 0, `layer ${layer.title} is empty`);
        assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'a plan is plain JSON');
      }));
  }
}

/** A job that failed may leave a cluster at any point; it can be deleted all the same. */
function toFailed(ask: Ask): Ask {
  return { ...ask, from: 'failed' };
}

function parse({ provider, harness }: Bench, clusterId: string): Promise<ParsedCluster> {
  return provider.parseClusterConf({
    content: harness.content,
    runtime: deepFreeze(structuredClone(harness.runtime)),
    conf: deepFreeze(structuredClone(harness.conf)),
    clusterId,
  });
}

/** The same cluster in another order wherever order means nothing. */
function turnRound(wrapper: ClusterWrapper): ClusterWrapper {
  return {
    links: wrapper.links.map(turnKeys).reverse(),
    nodes: wrapper.nodes.map(turnKeys).reverse(),
    roles: wrapper.roles.map(turnKeys).reverse(),
    cluster: turnKeys(wrapper.cluster),
  };
}

function turnKeys<T extends object>(value: T): T {
  const turned: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value).reverse()) turned[key] = part;
  return turned as T;
}
