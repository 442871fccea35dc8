import { afterEach, describe, expect, it } from 'vitest';
import { planTask, type TaskAction } from '../../../src/domain/index.ts';
import type { Provider } from '../../../src/provider/index.ts';
import type { ConformanceHarness } from '../../../src/conformance/index.ts';
import { openBench } from '../../../src/conformance/bench.ts';
import { createMemoryHarness } from '../../fakes/memory-harness.ts';

let harness: ConformanceHarness;
afterEach(() => harness.dispose());

/** The task runner over a store in memory, with a provider that says `started` to everything. */
async function open(action: Extract<TaskAction, 'RegisterMetadata' | 'FrontgateAvailable'>) {
  harness = await createMemoryHarness();
  const calls: string[] = [];
  const provider: Provider = {
    ...harness.provider,
    async handleSubtask() {
      calls.push('handle');
      return { state: 'started' };
    },
    async waitSubtask() {
      calls.push('wait');
      return { state: 'done' };
    },
  };
  const { engine } = await openBench({ harness, provider });
  const task = engine.toTask(
    planTask({
      action,
      nodeId: null,
      label: 'the cluster',
      directive: {},
      resources: [],
      failureAllowed: false,
      timeoutSeconds: 10,
    }),
  );
  return { engine, task, calls };
}

describe('what the table says of waits, the task runner holds to', () => {
  it('an action without a wait cannot be started only: that is an internal error, and nothing waits', async () => {
    const { engine, task, calls } = await open('RegisterMetadata');
    const refused = { kind: 'internal', code: 'TASK_WITHOUT_WAIT' };
    await expect(engine.handle(task)).rejects.toMatchObject(refused);
    await expect(engine.waitUntilDone(task)).rejects.toMatchObject(refused);
    expect(new Set(calls)).toEqual(new Set(['handle']));
  });

  it('of an action that is only waited for, nothing is handled', async () => {
    const { engine, task, calls } = await open('FrontgateAvailable');
    await engine.run(task);
    expect(calls).toEqual(['wait']);
  });
});
