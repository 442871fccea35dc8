import { expect, test } from 'vitest';
import { listTasks } from '../../../src/plan/index.ts';
import type { PlanRequest } from '../../../src/provider/index.ts';
import { createInstantProvider } from '../../fakes/instant-provider.ts';
import { newCluster } from '../../../src/wanted/index.ts';

const runtime = {
  runtimeId: 'rt-1',
  name: 'instant',
  provider: 'instant',
  url: '',
  zone: 'instant-1',
  settings: {},
  account: 'instant',
  region: 'instant',
  createdAt: '2026-01-01T00:00:00Z',
};

async function plan(options: Parameters<typeof createInstantProvider>[0], nodes: number) {
  const provider = createInstantProvider(options);
  const parsed = await provider.parseClusterConf({
    content: { versionId: 'appv-1', files: [] },
    runtime,
    conf: { nodes },
    clusterId: 'cl-1',
  });
  const cluster = newCluster(parsed, {
    clusterId: 'cl-1',
    runtimeId: runtime.runtimeId,
    versionId: 'appv-1',
    appName: 'instant',
    createdAt: '2026-01-01T00:00:00Z',
  });
  const job: PlanRequest['job'] = { jobId: 'j-1', clusterId: 'cl-1', action: 'create', options: {} };
  return provider.splitJobIntoTasks({ job, cluster, runtime });
}

test('plans every cloud task of create for as many nodes as the conf says', async () => {
  const tasks = listTasks(await plan({}, 30));
  for (const name of ['CreateVolumes', 'RunInstances', 'AttachVolumes']) {
    expect(tasks.filter(({ action }) => action === name)).toHaveLength(30);
  }
});

test('claims rows of the ledger, and none when it is told to do without', async () => {
  const claims = async (ledger: boolean) =>
    listTasks(await plan({ ledger }, 2)).flatMap((task) => task.resources);
  expect((await claims(true)).length).toBeGreaterThan(0);
  expect(await claims(false)).toEqual([]);
});

test('refuses a conf without a number of nodes', async () => {
  await expect(plan({}, 0)).rejects.toMatchObject({ kind: 'invalid-input', field: 'nodes' });
});
