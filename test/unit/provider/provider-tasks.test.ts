import { describe, expect, it } from 'vitest';
import { createProviderRegistry, listOnceActions, type Provider } from '../../../src/provider/index.ts';
import createSigningProvider from '../../fakes/own-action-provider.ts';
import { equalNodes, RUNTIME } from '../vm/clusters.ts';

const planCreate = (provider: Provider) =>
  createProviderRegistry([provider])
    .get(provider.name)
    .splitJobIntoTasks({
      job: { jobId: 'j-1', clusterId: 'cl-1', action: 'create', options: {} },
      cluster: equalNodes('pending', 'pending'),
      runtime: RUNTIME,
    });

describe('a provider with a task action of its own', () => {
  it('may plan it', () => {
    expect(planCreate(createSigningProvider()).at(-1)).toMatchObject({ title: 'SignBook' });
  });

  it('is refused a plan with an action that it does not name', () => {
    const { tasks: _tasks, ...silent } = createSigningProvider();
    expect(() => planCreate(silent)).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        code: 'TASK_ACTION_UNKNOWN',
        message: expect.stringContaining('SignBook') as string,
      }),
    );
  });

  it('is refused a plan with a directive that is not what the action asks for', () => {
    expect(() => planCreate(createSigningProvider({}, { text: 7 }))).toThrow(
      expect.objectContaining({
        kind: 'internal',
        code: 'DIRECTIVE_INVALID',
        message: expect.stringContaining('text') as string,
      }),
    );
  });

  it.each(['RunInstances', 'WaitForMoon', 'sign', 'Sign Book', '__proto__'])('cannot call it %s', (name) => {
    const provider = createSigningProvider();
    const tasks = Object.fromEntries(Object.values(provider.tasks ?? {}).map((facts) => [name, facts]));
    expect(() => createProviderRegistry([{ ...provider, tasks }])).toThrow(
      expect.objectContaining({ kind: 'invalid-input', code: 'TASK_ACTION_NAME' }),
    );
  });

  it('says which of its actions a create owes once', () => {
    const { tasks = {} } = createSigningProvider();
    expect(listOnceActions({ tasks })).not.toContain('SignBook');
    const once = Object.fromEntries(
      Object.entries(tasks).map(([name, facts]) => [name, { ...facts, once: true as const }]),
    );
    expect(listOnceActions({ tasks: once })).toContain('SignBook');
  });
});
