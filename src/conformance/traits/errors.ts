import assert from 'node:assert/strict';
import { NOTHING_RESERVED, RETRY_TABLE, type TaskAction } from '../../domain/index.ts';
import type { Bench } from '../bench.ts';
import { assertFails, captureError, type TraitContext } from '../trait-context.ts';

/** What goes wrong is said with the kind that the contract names. */
export function errors(context: TraitContext): void {
  const { it, life, operations, reads, withBench, withBenchApart } = context;
  const actions = new Set(operations.map((operation) => operation.action));

  for (const operation of operations.filter(({ makes }) => makes !== null)) {
    it(`R8 ${operation.action}: fails with quota where there is no room, and leaves nothing`, () =>
      withBenchApart(async (bench) => {
        bench.engine.setRuntime(await bench.harness.makeQuotaTight());
        await assertFails(operation.action, ['quota'], () => bench.engine.run(bench.task(operation.action)));
        // A release is there when its pods are refused: as always, a delete finds all of it.
        if (life.kind === 'releases') await bench.deleteAll();
        assert.deepEqual(await bench.list(), []);
      }));
  }

  it('R8 checkResource: fails with quota where there is no room', () =>
    withBenchApart(async ({ engine, harness, provider }) => {
      const runtime = await harness.makeQuotaTight();
      const request = {
        runtime,
        credential: harness.credential,
        reserved: NOTHING_RESERVED,
        loadPackage: async () => harness.content,
        cluster: engine.cluster(),
      };
      await assertFails('checkResource', ['quota'], () =>
        engine.read((call) => provider.checkResource({ ...request, action: 'create' }, call)),
      );
    }));

  it('R8 checkResource: counts what running jobs have reserved', () =>
    withBenchApart(async ({ engine, harness, provider }) => {
      const all = Number.MAX_SAFE_INTEGER;
      const reserved = { instances: all, cpu: all, memoryMiB: all, gpu: all, volumes: all, volumeGiB: all };
      const runtime = await harness.makeQuotaTight();
      const request = {
        runtime,
        credential: harness.credential,
        reserved,
        cluster: engine.cluster(),
        loadPackage: async () => harness.content,
      };
      await assertFails('checkResource', ['quota'], () =>
        engine.read((call) => provider.checkResource({ ...request, action: 'create' }, call)),
      );
    }));

  if (actions.has('ResizeVolumes')) {
    it('R8 ResizeVolumes: fails with invalid-input for a smaller size', () =>
      withBench(async (bench) => {
        await run(bench, ['CreateVolumes', 'ResizeVolumes']);
        const made = bench.task('CreateVolumes').task;
        const { task } = bench.task('ResizeVolumes');
        assert.ok(made.action === 'CreateVolumes' && task.action === 'ResizeVolumes');
        const shrink = bench.engine.toTask({ ...task, directive: made.directive });
        const before = await bench.list();
        await assertFails('ResizeVolumes', ['invalid-input'], () => bench.engine.run(shrink));
        assert.deepEqual(await bench.list(), before);
      }));
  }

  if (life.kind === 'machines') registerMachines(context);
  else registerReleases(context);

  if (actions.has('DetachVolumes')) {
    it('R7 DetachVolumes and DeleteVolumes: succeed when the volumes are gone', () =>
      withBench(async (bench) => {
        await run(bench, ['CreateVolumes', 'DeleteVolumes', 'DetachVolumes', 'DeleteVolumes']);
        assert.deepEqual(await bench.list(), []);
      }));

    it('R7 DetachVolumes: succeeds when the instance is gone, and the volumes outlive it', () =>
      withBench(async (bench) => {
        await run(bench, ['CreateVolumes', 'RunInstances', 'AttachVolumes']);
        const volumes = (await bench.list()).filter(({ kind }) => kind === 'volume').map(({ id }) => id);
        await destroyThings(bench, 'instance');
        await run(bench, ['DetachVolumes']);
        assert.deepEqual(
          (await bench.list()).map(({ id }) => id),
          volumes,
        );
      }));
  }

  it('R8 validateCredential: names an unknown zone as the field that is wrong', () =>
    withBench(async ({ engine, provider, harness: { runtime, credential } }) => {
      const request = { url: runtime.url, settings: runtime.settings, credential, zone: 'no-such-zone' };
      const kinds = ['invalid-input', 'not-found', 'permission'] as const;
      const error = await assertFails('validateCredential', kinds, () =>
        engine.read((call) => provider.validateCredential(request, call)),
      );
      assert.equal(error.field, 'zone');
    }));

  it('R8 describeVpc: fails with not-found for a VPC that does not exist', () =>
    withBench(async ({ engine, provider, harness: { runtime, credential } }) => {
      await assertFails('describeVpc', ['not-found'], () =>
        engine.read((call) => provider.describeVpc({ runtime, credential, vpcId: 'vpc-no-such' }, call)),
      );
    }));

  it('R8 parseClusterConf: refuses an empty package with invalid-input', () =>
    withBench(async ({ provider, engine, harness }) => {
      const request = {
        content: { ...harness.content, files: [] },
        runtime: harness.runtime,
        conf: harness.conf,
        clusterId: engine.cluster().cluster.clusterId,
      };
      await assertFails('parseClusterConf of an empty package', ['invalid-input'], () =>
        engine.read(() => provider.parseClusterConf(request)),
      );
    }));

  for (const read of reads) {
    it(`R8 ${read.name}: refuses a bad credential, where there are credentials`, () =>
      withBench(async (bench) => {
        const { badCredential } = bench.harness;
        if (badCredential === null) return;
        // With something made, so that every function has something to ask the cloud about.
        await run(bench, [life.make]);
        await assertFails(read.name, [badCredential.kind], () =>
          bench.engine.read((call) => read.call(bench, call, badCredential.credential)),
        );
      }));
  }
}

function registerMachines({ it, operations, withBench, withBenchApart, optional }: TraitContext): void {
  it('R3 AttachVolumes: empty volumes follow an instance that got capacity only in another place, created again', () =>
    withBenchApart(async (bench) => {
      const { engine, harness } = bench;
      const fillFirst = optional('fillFirstPlacement', harness.fillFirstPlacement?.bind(harness));
      if (fillFirst === undefined) return;
      const operation = operations.find(({ action }) => action === 'AttachVolumes');
      if (operation === undefined) return;
      await engine.run(bench.task('CreateVolumes'));
      const before = new Set((await bench.list()).map(({ id }) => id));
      engine.setRuntime(await fillFirst());
      await engine.run(bench.task('RunInstances'));
      await engine.run(bench.task('AttachVolumes'));
      await bench.assertHolds(operation);
      const tokens = (await bench.list()).map(({ token }) => token);
      assert.deepEqual(
        tokens.filter((token) => !token.endsWith('/g2')),
        [],
        'what is left of the first generation',
      );
      assert.deepEqual(
        engine.ledger
          .listLive()
          .map(({ token, state }) => `${token} ${state}`)
          .sort(),
        tokens.map((token) => `${token} made`).sort(),
      );
      for (const { id } of await bench.list()) assert.ok(!before.has(id), `${id} was in the first place`);
      await bench.deleteAll();
    }));

  it('R8 RunInstances: fails with capacity where no place has room, and leaves nothing', () =>
    withBenchApart(async (bench) => {
      const { engine, harness } = bench;
      const fillPlaces = optional('fillAllPlacements', harness.fillAllPlacements?.bind(harness));
      if (fillPlaces === undefined) return;
      engine.setRuntime(await fillPlaces());
      await assertFails('RunInstances', ['capacity'], () => engine.run(bench.task('RunInstances')));
      assert.deepEqual(await bench.list(), []);
    }));

  it('R8 ResizeInstances: fails with conflict while the instance runs', () =>
    withBench(async (bench) => {
      await run(bench, ['RunInstances']);
      await assertFails('ResizeInstances', ['conflict'], () =>
        bench.engine.run(bench.task('ResizeInstances')),
      );
    }));

  it('R4 RunInstances: an instance that failed for good is an error at once, which is not retried', () =>
    withBench(async (bench) => {
      const { cloud } = bench.harness;
      if (optional('failInstance', cloud.failInstance) === undefined) return;
      const task = bench.task('RunInstances');
      await bench.engine.handle(task);
      for (const { kind, id } of await bench.list()) if (kind === 'instance') await cloud.failInstance?.(id);
      const error = await captureError('the wait for an instance that failed', () => bench.engine.poll(task));
      assert.ok(
        !RETRY_TABLE[error.kind].retried,
        `an instance that failed is ${error.kind}, which is retried: ${error.message}`,
      );
    }));

  it('R8 StartInstances: fails with not-found when the instance is gone', () =>
    withBench(async (bench) => {
      await run(bench, ['RunInstances', 'StopInstances']);
      await destroyThings(bench, 'instance');
      await assertFails('StartInstances', ['not-found'], () =>
        bench.engine.run(bench.task('StartInstances')),
      );
    }));

  it('R7 StopInstances and DeleteInstances: succeed when the instance is gone', () =>
    withBench(async (bench) => {
      await run(bench, ['RunInstances']);
      await destroyThings(bench, 'instance');
      await run(bench, ['StopInstances', 'DeleteInstances', 'DeleteInstances']);
    }));
}

function registerReleases({ it, withBench }: TraitContext): void {
  for (const action of ['UpgradeRelease', 'StartWorkloads', 'RestartWorkloads'] as const) {
    it(`R8 ${action}: fails with not-found when the release is gone`, () =>
      withBench(async (bench) => {
        await run(bench, ['InstallRelease']);
        await destroyThings(bench, 'release');
        await assertFails(action, ['not-found'], () => bench.engine.run(bench.task(action)));
      }));
  }

  it('R7 StopWorkloads, UninstallRelease and PurgeRelease: succeed when the release is gone', () =>
    withBench(async (bench) => {
      await run(bench, ['InstallRelease']);
      await destroyThings(bench, 'release');
      await run(bench, ['StopWorkloads', 'UninstallRelease', 'PurgeRelease', 'PurgeRelease']);
    }));
}

async function run(bench: Bench, actions: readonly TaskAction[]): Promise<void> {
  for (const action of actions) await bench.engine.run(bench.task(action));
}

async function destroyThings({ list, harness }: Bench, thing: string): Promise<void> {
  for (const { kind, id } of await list()) if (kind === thing) await harness.cloud.destroyInstance(id);
}
