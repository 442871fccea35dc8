import { describe, expect, test } from 'vitest';
import type { StartedJob, WindlassClient } from '../../src/client/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import type { ClusterView, NodeView } from '../../src/protocol/index.ts';
import { runCommand } from './run-command.ts';

const STARTED: StartedJob = { clusterId: 'cl-1', jobId: 'j-1', status: 'queued' };

/** Runs a command without waiting for its job, and says what the client was asked for. */
async function ask(
  line: string,
  stdin = '',
): Promise<{ calls: unknown[]; exitCode: number; stdout: string }> {
  const calls: unknown[] = [];
  const note =
    (method: string) =>
    async (...args: unknown[]) => {
      calls.push([method, ...args]);
      return STARTED;
    };
  const methods = [
    'upgrade',
    'rollback',
    'updateEnv',
    'addNodes',
    'deleteNodes',
    'resize',
    'restart',
    'recover',
    'cease',
  ];
  const clusters = {
    ...Object.fromEntries(methods.map((method) => [method, note(method)])),
    describe: async () => VIEW,
  } as Partial<WindlassClient['clusters']>;
  const { exitCode, stdout } = await runCommand(['cluster', ...line.split(' '), '--no-wait', '--json'], {
    client: { clusters },
    stdin,
  });
  return { calls, exitCode, stdout };
}

const node = (serverId: number, role: string): NodeView => ({
  ...{
    nodeId: `n-${role}-${serverId}`,
    role,
    serverId,
    groupId: serverId,
    status: 'active',
    healthStatus: '',
  },
  ...{ instanceId: 'i', privateIp: '10.0.0.1', volumes: [] },
});
const VIEW: ClusterView = {
  ...{
    purpose: 'app',
    clusterId: 'cl-1',
    name: 'shop',
    app: 'shop',
    versionId: 'appv-1',
    runtime: 'k8s',
    status: 'active',
  },
  ...{ transitionStatus: null, createdAt: '2026-01-01T00:00:00Z', endpoints: [], links: [], env: {} },
  nodes: [node(1, 'web'), node(2, 'web'), { ...node(3, 'web'), status: 'deleted' }, node(1, 'db')],
};

describe('commands that change a cluster', () => {
  test.each<[string, unknown]>([
    [
      'upgrade shop --app ./shop-2 --set a.b=1',
      ['upgrade', 'shop', { app: './shop-2', settings: { 'a.b': '1' } }],
    ],
    ['rollback shop --request-id r1', ['rollback', 'shop', { requestId: 'r1' }]],
    ['update shop --set a=1', ['updateEnv', 'shop', { settings: { a: '1' } }]],
    ['update shop --conf -', ['updateEnv', 'shop', { settings: {}, conf: { a: { b: null } } }]],
    ['scale shop --role web --add 2', ['addNodes', 'shop', { role: 'web', count: 2 }]],
    ['scale shop --role web --remove 1', ['deleteNodes', 'shop', { role: 'web', count: 1 }]],
    ['scale shop --role web --count 5', ['addNodes', 'shop', { role: 'web', count: 3 }]],
    ['scale shop --role web --count 1', ['deleteNodes', 'shop', { role: 'web', count: 1 }]],
    ['scale shop --node n-1 --node n-2', ['deleteNodes', 'shop', { nodeIds: ['n-1', 'n-2'] }]],
    [
      'resize shop --role web --cpu 0.5 --memory-limit-mib 512 --request-id r',
      ['resize', 'shop', { requestId: 'r', sizes: [{ role: 'web', cpu: 0.5, memoryLimitMiB: 512 }] }],
    ],
    ['restart shop', ['restart', 'shop', {}]],
    ['restart shop --role web --role db', ['restart', 'shop', { roles: ['web', 'db'] }]],
    ['recover shop', ['recover', 'shop', {}]],
    ['cease shop', ['cease', 'shop', {}]],
  ])('%s', async (line, call) => {
    const { calls, exitCode, stdout } = await ask(line, '{"a": {"b": null}}');
    expect(calls).toEqual([call]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(STARTED);
  });

  test('scale to the number that is there starts nothing and is a success', async () => {
    const { calls, exitCode, stdout } = await ask('scale shop --role web --count 2');
    expect(calls).toEqual([]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ clusterId: 'cl-1', jobId: null, status: 'successful' });
  });

  test.each([
    'scale shop --role web',
    'scale shop --role web --count 1 --add 2',
    'scale shop --add 1 --node n-1',
    'scale shop --add many',
    'resize shop --role web --cpu 0',
    'resize shop --role web --memory-mib lots',
    'upgrade shop',
  ])('%s is bad input', async (line) => {
    const { calls, exitCode } = await ask(line);
    expect(calls).toEqual([]);
    expect(exitCode).toBe(2);
  });

  test('what the provider cannot do is bad input, said as JSON', async () => {
    const refusal = new WindlassError('invalid-input', 'local clusters do not support upgrade', {
      code: 'ACTION_NOT_SUPPORTED',
    });
    const { exitCode, stdout } = await runCommand(['cluster', 'rollback', 'shop', '--json'], {
      client: { clusters: { rollback: () => Promise.reject(refusal) } },
    });
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ACTION_NOT_SUPPORTED' } });
  });
});
