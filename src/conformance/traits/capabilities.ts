import assert from 'node:assert/strict';
import { JOB_ACTION_NAMES, JOB_ACTIONS, WindlassError, type JobAction } from '../../domain/index.ts';
import { PROVIDER_CONTRACT_VERSION } from '../../provider/index.ts';
import type { Bench } from '../bench.ts';
import { planAction } from '../bench.ts';
import { assertFails, type TraitContext } from '../trait-context.ts';

/** What a provider lacks is said, and refused when a job is planned. */
export function capabilities({ it, withBench, capabilities: announced }: TraitContext): void {
  it('R10 provider: has a name and this version of the contract', () =>
    withBench(async ({ provider }) => {
      assert.match(provider.name, /^[a-z][a-z0-9-]*$/);
      assert.equal(provider.contractVersion, PROVIDER_CONTRACT_VERSION);
      assert.deepEqual(
        provider.capabilities,
        announced,
        'capabilities announced to the suite, and those of the provider',
      );
      for (const action of ['create', 'stop', 'start', 'delete'] as const) {
        assert.ok(provider.capabilities.actions.includes(action), `capabilities.actions lacks ${action}`);
      }
    }));

  for (const action of JOB_ACTION_NAMES) {
    it(`R10 splitJobIntoTasks: refuses ${action} with invalid-input unless capabilities have it`, () =>
      withBench(async (bench) => {
        const attempt = async () => plan(bench, action);
        if (!bench.provider.capabilities.actions.includes(action)) {
          await assertFails(action, ['invalid-input'], attempt);
          return;
        }
        try {
          await attempt();
        } catch (error) {
          // This cluster may not be one for which the action is possible; that is invalid-input too.
          assert.ok(WindlassError.isInstance(error), String(error));
          assert.equal(error.kind, 'invalid-input', error.message);
        }
      }));
  }

  if (announced.volumes) return;
  it('R10 splitJobIntoTasks: refuses volumes with invalid-input, because capabilities lack them', () =>
    withBench(async (bench) => {
      const cluster = bench.engine.cluster();
      const volume = {
        index: 0,
        sizeGiB: 10,
        volumeClass: 0,
        mountPoint: '/data',
        mountOptions: '',
        filesystem: 'ext4',
      };
      const roles = cluster.roles.map((role) => ({ ...role, volumes: [volume] }));
      await assertFails('a cluster with volumes', ['invalid-input'], async () =>
        planAction(bench.provider, bench.harness, { ...cluster, roles }, 'create', 'pending'),
      );
    }));
}

function plan({ provider, harness, engine }: Bench, action: JobAction) {
  const [status = 'active'] = JOB_ACTIONS[action].from;
  return planAction(provider, harness, engine.cluster(), action, status);
}
