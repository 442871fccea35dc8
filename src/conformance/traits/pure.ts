import assert from 'node:assert/strict';
import type { ClusterWrapper, ParsedCluster } from '../../domain/index.ts';
import type { Bench } from '../bench.ts';
import { planAction } from '../bench.ts';
import { listLayers } from '../../plan/index.ts';
import { deepFreeze } from '../deep-freeze.ts';
import type { TraitContext } from '../trait-context.ts';

const LIFE = [
  ['create', 'pending'],
  ['stop', 'active'],
  ['start', 'stopped'],
  ['delete', 'active'],
  ['delete', 'failed'],
] as const;

const FACTS = ['clusterId', 'status', 'transitionStatus', 'wasActive', 'previous', 'conf', 'createdAt'];

/** parseClusterConf and splitJobIntoTasks: same input, same answer, byte by byte, and no effect. */
export function pure({ it, withBench }: TraitContext): void {
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

  for (const [action, status] of LIFE) {
    it(`splitJobIntoTasks: plans ${action} of a cluster that is ${status} the same way, byte by byte`, () =>
      withBench(async ({ provider, harness, engine }) => {
        const cluster = deepFreeze(structuredClone(engine.cluster()));
        const plan = JSON.stringify(planAction(provider, harness, cluster, action, status));
        assert.equal(
          JSON.stringify(planAction(provider, harness, cluster, action, status)),
          plan,
          'a second time',
        );
        assert.equal(
          JSON.stringify(planAction(provider, harness, deepFreeze(turnRound(cluster)), action, status)),
          plan,
          'with roles, nodes, links and keys in another order',
        );
      }));

    it(`splitJobIntoTasks: plans no empty layer of ${action} of a cluster that is ${status}, and plain JSON`, () =>
      withBench(async ({ provider, harness, engine }) => {
        const plan = planAction(provider, harness, engine.cluster(), action, status);
        for (const layer of listLayers(plan))
          assert.ok(layer.tasks.length > 0, `layer ${layer.title} is empty`);
        assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'a plan is plain JSON');
      }));
  }
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
