import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PART_BYTES, type ClusterView, type JobView, type RuntimeView } from '../../src/protocol/index.ts';

// What workers answer in the tests of the client.

export const APP = {
  versionId: 'appv-1',
  appName: 'zk',
  version: '1.0.0',
  sizeBytes: 1,
  createdAt: '2026-01-01T00:00:00Z',
};

export const RUNTIME: RuntimeView = {
  runtimeId: 'rt-1',
  name: 'local',
  provider: 'local',
  url: '',
  zone: 'local-1',
  settings: {},
  account: 'this',
  region: 'machine',
  createdAt: '2026-01-01T00:00:00Z',
};

function item(key: string, type: string): object {
  return {
    key,
    path: ['env', key],
    type,
    label: '',
    description: '',
    range: [],
    required: false,
    changeable: true,
    multichoice: false,
    separator: ',',
    items: null,
    extra: {},
  };
}
export const FORM = {
  items: [
    { ...item('env', 'array'), path: ['env'], items: [item('port', 'integer'), item('secret', 'password')] },
  ],
};

export function jobView(change: Partial<JobView> & Pick<JobView, 'jobId' | 'clusterId'>): JobView {
  return {
    action: 'create',
    status: 'working',
    startedAt: '2026-01-01T00:00:00.000Z',
    closedAt: null,
    requestedBy: 'tester@here',
    error: null,
    held: null,
    layers: [],
    commands: [],
    steps: [],
    planHash: null,
    ...change,
  };
}

export function withTask(view: JobView): JobView {
  const task = {
    action: 'RunInstances' as const,
    nodeId: 'cln-1',
    label: 'zk 1',
    round: 0,
    attempts: 0,
    observation: null,
    error: null,
  };
  const tasks = [
    { taskId: `${view.jobId}.0.0`, status: 'queued' as const, startedAt: null, endedAt: null, ...task },
  ];
  return {
    ...view,
    layers: [{ index: 0, name: 'RunInstances', total: 1, done: 0, failed: 0, skipped: 0, tasks }],
  };
}

export function clusterView(clusterId: string): ClusterView {
  return {
    purpose: 'app',
    clusterId,
    name: 'mine',
    app: 'zk',
    versionId: 'appv-1',
    runtime: 'local',
    status: 'active',
    transitionStatus: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    endpoints: [],
    nodes: [],
    links: [],
    env: {},
  };
}

/** A package of three parts, in a folder of its own. */
export function writePackage(folder: string): string {
  const app = mkdtempSync(join(folder, 'app-'));
  const properties = [
    {
      key: 'cluster',
      description: 'd',
      type: 'array',
      properties: [
        { key: 'name', label: 'l', description: 'd', type: 'string', default: 'big', required: 'no' },
      ],
    },
  ];
  writeFileSync(join(app, 'config.json'), JSON.stringify({ type: 'array', properties }));
  const node = { container: { type: 'local', image: 'none' }, count: 1, cpu: 1, memory: 1024 };
  const cluster = JSON.stringify({ name: '@', nodes: [node] }).replace('"@"', '{{cluster.name}}');
  writeFileSync(join(app, 'cluster.json.mustache'), cluster);
  mkdirSync(join(app, 'node'));
  writeFileSync(join(app, 'node', 'blob'), Buffer.alloc(2 * PART_BYTES + 10, 'x'));
  return app;
}
