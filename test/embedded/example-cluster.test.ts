import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WindlassError, type ClusterStatus } from '../../src/domain/index.ts';
import type { AppVersionView, JobView } from '../../src/protocol/index.ts';
import { bringExampleUp, putExampleDown, type ExampleContext } from '../../src/embedded/example-cluster.ts';
import { openExampleBook } from '../../src/embedded/example-record.ts';
import { listRunningClusters } from '../../src/embedded/running-clusters.ts';
import { createFakeClient } from '../cli/fake-client.ts';

/** What a worker would store; the test's state behind a client. */
interface State {
  readonly clusters: Map<string, { name: string; status: ClusterStatus; runtime: string; app: string }>;
  readonly runtimes: Map<string, { name: string; provider: string }>;
  readonly apps: Map<string, AppVersionView>;
  /** Every change, with the id of what it changed. */
  readonly changes: string[];
  /** Called before a change is made, to break off there. */
  interrupt: (change: string) => void;
}

let state: State;
beforeEach(() => {
  state = { clusters: new Map(), runtimes: new Map(), apps: new Map(), changes: [], interrupt: () => {} };
});

function note(change: string): void {
  state.interrupt(change);
  state.changes.push(change);
}

function notFound(what: string): Promise<never> {
  return Promise.reject(new WindlassError('not-found', `no ${what}`, { code: 'TEST_NOT_FOUND' }));
}

function changeTo(action: string, status: ClusterStatus) {
  return async (clusterId: string) => {
    note(`${action} ${clusterId}`);
    const cluster = state.clusters.get(clusterId);
    if (cluster === undefined) return notFound(clusterId);
    state.clusters.set(clusterId, { ...cluster, status });
    return { clusterId, jobId: `j-${clusterId}`, status: 'successful' as const };
  };
}

function createClient() {
  const view = (clusterId: string) => ({
    clusterId,
    ...state.clusters.get(clusterId),
    transitionStatus: null,
  });
  const living = () => [...state.clusters].filter(([, { status }]) => status !== 'deleted');
  return createFakeClient({
    runtimes: {
      create: async ({ name, provider, requestId }) => {
        note(`make runtime ${name}`);
        if ([...state.runtimes.values()].some((runtime) => runtime.name === name))
          throw new WindlassError('conflict', 'the name is taken', { code: 'RUNTIME_NAME_TAKEN' });
        state.runtimes.set(`rt-${requestId}`, { name, provider });
        return { runtimeId: `rt-${requestId}`, name, provider } as never;
      },
      describe: async (wanted) => {
        const found = [...state.runtimes].find(([id, { name }]) => id === wanted || name === wanted);
        return found === undefined ? notFound(wanted) : ({ runtimeId: found[0], ...found[1] } as never);
      },
      list: async () => [...state.runtimes].map(([runtimeId, rest]) => ({ runtimeId, ...rest }) as never),
    },
    apps: {
      describe: async (wanted) => {
        const found = [...state.apps.values()].findLast(
          ({ versionId, appName }) => versionId === wanted || appName === wanted,
        );
        return found === undefined ? notFound(wanted) : ({ ...found, form: {} } as never);
      },
      register: async (path) => {
        const { name } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { name: string };
        note(`register ${name}`);
        const version = { versionId: `appv-${name}`, appName: name, version: '1' } as AppVersionView;
        state.apps.set(version.versionId, version);
        return version;
      },
    },
    clusters: {
      create: async ({ name = '', app, runtime, requestId }) => {
        note(`make cluster ${name}`);
        state.clusters.set(`cl-${requestId}`, { name, status: 'active', runtime, app });
        return { clusterId: `cl-${requestId}`, jobId: 'j-1', status: 'queued' as const };
      },
      describe: async (wanted) => {
        const found = living().filter(([id, { name }]) => id === wanted || name === wanted);
        if (found.length > 1)
          throw new WindlassError('conflict', 'ambiguous', { code: 'CLUSTER_NAME_AMBIGUOUS' });
        const [one] = found;
        return one === undefined ? notFound(wanted) : (view(one[0]) as never);
      },
      list: async () => [...state.clusters.keys()].map((id) => view(id) as never),
      stop: changeTo('stop', 'stopped'),
      start: changeTo('start', 'active'),
      delete: changeTo('delete', 'deleted'),
    },
    jobs: { list: async () => [] },
  });
}

function createContext(): ExampleContext {
  const home = mkdtempSync(join(tmpdir(), 'windlass-example-home-'));
  mkdirSync(home, { recursive: true });
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return {
    client: createClient(),
    book: openExampleBook(home),
    report: () => {},
    showJob: async ({ jobId }) => ({ jobId, status: 'successful', error: null }) as unknown as JobView,
  };
}

const USERS = { name: 'antietcd', runtime: 'rt-user', app: 'appv-user' };

describe('the example', () => {
  test.each(['active', 'stopped', 'failed', 'pending'] as const)(
    'leaves a user’s %s cluster, runtime and app of its names alone, and takes others',
    async (status) => {
      state.clusters.set('cl-user', { ...USERS, status });
      state.runtimes.set('rt-user', { name: 'local', provider: 'aws' });
      const usersApp = { versionId: 'appv-user', appName: 'antietcd', version: '9' } as AppVersionView;
      state.apps.set('appv-user', usersApp);
      const context = createContext();
      const example = await bringExampleUp(context);
      await putExampleDown(context);
      const again = await bringExampleUp(context);
      expect({ name: example.name, again: again.clusterId }).toEqual({
        name: 'antietcd-2',
        again: example.clusterId,
      });
      expect(state.changes).toEqual([
        'make runtime local-2',
        'register antietcd-example',
        'make cluster antietcd-2',
        `stop ${example.clusterId}`,
        `start ${example.clusterId}`,
      ]);
      expect(state.clusters.get('cl-user')).toEqual({ ...USERS, status });
      expect((await context.client.apps.describe('antietcd')).versionId).toBe('appv-user');
    },
  );

  test('leaves several clusters of its name alone', async () => {
    state.clusters.set('cl-one', { ...USERS, status: 'failed' });
    state.clusters.set('cl-two', { ...USERS, status: 'active' });
    const example = await bringExampleUp(createContext());
    expect(example.name).toBe('antietcd-2');
    expect(state.changes.filter((change) => /cl-(one|two)/.test(change))).toEqual([]);
  });

  test.each(['failed', 'pending'] as const)('makes its own %s cluster again', async (status) => {
    const context = createContext();
    const { clusterId } = await bringExampleUp(context);
    const cluster = state.clusters.get(clusterId);
    if (cluster !== undefined) state.clusters.set(clusterId, { ...cluster, status });
    const again = await bringExampleUp(context);
    expect(again.clusterId).not.toBe(clusterId);
    expect(state.changes).toContain(`delete ${clusterId}`);
  });

  test.each(['make runtime local', 'register antietcd', 'make cluster antietcd'])(
    'makes nothing twice after a run that was killed at: %s',
    async (change) => {
      const context = createContext();
      let isCut = false;
      state.interrupt = (what) => {
        if (what !== change || isCut) return;
        isCut = true;
        throw new Error('killed');
      };
      await expect(bringExampleUp(context)).rejects.toThrow('killed');
      expect((await bringExampleUp(context)).name).toBe('antietcd');
      expect([state.runtimes.size, state.clusters.size]).toEqual([1, 1]);
    },
  );

  test('makes its runtime and cluster again where the user has deleted them', async () => {
    const context = createContext();
    const { clusterId } = await bringExampleUp(context);
    state.clusters.delete(clusterId);
    state.runtimes.clear();
    const again = await bringExampleUp(context);
    expect({ name: again.name, isNew: again.isNew }).toEqual({ name: 'antietcd', isNew: true });
    expect(state.runtimes.size).toBe(1);
  });
});

test('those whose machines run on this machine are named, and no others', async () => {
  state.runtimes.set('rt-1', { name: 'here', provider: 'local' });
  state.runtimes.set('rt-2', { name: 'there', provider: 'aws' });
  const of = (name: string, status: ClusterStatus, runtime: string) =>
    state.clusters.set(`cl-${name}`, { name, status, runtime, app: '' });
  of('runs', 'active', 'here');
  of('broken', 'failed', 'here');
  of('stands', 'stopped', 'here');
  of('elsewhere', 'active', 'there');
  expect(await listRunningClusters(createClient())).toEqual(['runs (cl-runs)', 'broken (cl-broken)']);
});
