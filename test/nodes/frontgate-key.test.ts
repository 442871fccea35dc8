import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withFrontgates } from '../../activities/frontgate/frontgate-tasks.ts';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import { createNodeShell, generateKeyPair, type NodeTarget } from '../../src/nodes/index.ts';
import type { JumpHost, Observation, Provider, TaskContext } from '../../src/provider/index.ts';
import { createFrontgateTasks } from '../../src/vm/frontgate-tasks.ts';
import { buildHostKeyScript } from '../../src/vm/node-tasks/host-key-script.ts';
import type { FrontgateState } from '../../src/protocol/index.ts';
import { createTestObserveCall } from '../kit/test-calls.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const READY: FrontgateState = { members: [], ready: true, settled: true, job: null, failure: null };

/**
 * A cluster's task is handed what was stored of the frontgate when it began; the frontgate's own job
 * changes its host key meanwhile. Here that happens between the two, every time.
 */
describe('the wait for a frontgate that changes its host key just then', () => {
  let kit: TestMachines;
  let first: NodeTarget;
  const changed = generateKeyPair('changed');
  const stored = new Map<string, string>();

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
    first = await kit.boot({ instanceId: 'i-gate', address: '127.111.0.1' });
    stored.set('hostKey', first.hostKey);
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  /** As the engine loads it: what is stored now. */
  function load(): TaskContext {
    const jumpHost: JumpHost = {
      clusterId: 'fg-1',
      host: first.host,
      port: first.port,
      user: first.user,
      hostPublicKey: stored.get('hostKey') ?? '',
      clientPrivateKey: first.privateKey,
    };
    const context = {
      task: { taskId: 'job-1.0.0', action: 'FrontgateAvailable' },
      runtime: { runtimeId: 'rt-1', settings: {} },
      cluster: { clusterId: 'cl-1', vpcId: 'vpc-1' },
      jumpHost,
    };
    return context as Partial<TaskContext> as TaskContext;
  }

  /** What the frontgate's job does, between the task's context and the workflow's word that it is ready. */
  async function changeHostKey(): Promise<void> {
    const script = buildHostKeyScript({ first: first.hostKey, changed: changed.publicKey });
    await kit.shell.run(first, script, AbortSignal.timeout(20_000), changed.privateKey);
    stored.set('hostKey', changed.publicKey);
    await kit.waitForSshd({ ...first, hostKey: changed.publicKey });
  }

  it('searches by the key that it has then, not by the one that it was given', async () => {
    const nodes = createNodeShell();
    const [entry] = createFrontgateTasks({
      handler: {} as Parameters<typeof createFrontgateTasks>[0]['handler'],
      nodes,
      nodeAccess: () => 'frontgate',
    });
    const provider = {
      nodeAccess: () => 'frontgate',
      waitSubtask: (context: TaskContext, call: Parameters<Provider['waitSubtask']>[1]) =>
        entry?.[1].wait(context, call),
    } as Partial<Provider> as Provider;
    const tasks = withFrontgates({ stores: {} as never, faultPoint: async () => undefined }, provider, {
      loadTask: async () => ({ context: load() }) as never,
    });
    // The workflow answers once the key is another.
    const client = {
      withAbortSignal: (_: AbortSignal, run: () => Promise<unknown>) => run(),
      withDeadline: (_: number, ask: () => Promise<unknown>) => ask(),
      workflow: {
        getHandle: () => ({
          query: async () => {
            await changeHostKey();
            return READY;
          },
        }),
      },
    };
    const environment = new MockActivityEnvironment({}, { client: client as unknown as Client });
    const handed = load();
    const call = createTestObserveCall({ signal: AbortSignal.timeout(30_000) });
    try {
      // What it was handed would be another machine's by now.
      const seen = (): Promise<Observation> => environment.run(() => tasks.waitSubtask(handed, call));
      expect(await seen()).toEqual({ state: 'done' });
      await expect(Promise.resolve(provider.waitSubtask(handed, call))).rejects.toMatchObject({
        code: 'NODE_HOST_KEY',
      });
    } finally {
      await nodes.close();
    }
  });
});
