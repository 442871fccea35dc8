import { TASK_ACTIONS } from '../../../src/domain/index.ts';
import { providerQueue, REQUEST_NAMES, REQUESTS_QUEUE, WORKFLOW_QUEUE } from '../../../src/protocol/index.ts';
import type { HostileInput, HostileTarget } from '../input.ts';

/** Those that take no input. */
const BARE: ReadonlySet<string> = new Set(['getSealingKey', 'describeWorker']);

const GARBAGE: Readonly<Record<string, unknown>> = {
  null: null,
  'a text': 'x',
  'a list': [[]],
  'a number': 7,
  'an unknown field': {
    limit: 10,
    unknown: true,
    runtime: 'x',
    cluster: 'x',
    jobId: 'x',
    version: 'x',
    input: null,
  },
  'NUL characters': {
    limit: 10,
    after: '\u0000',
    runtime: '\u0000',
    cluster: '\u0000',
    jobId: '\u0000',
    version: '\u0000',
    vpcId: '\u0000',
    digest: '\u0000',
  },
  'lists for texts': {
    limit: [1],
    runtime: ['a'],
    cluster: [],
    jobId: [],
    version: [],
    digest: [],
    name: [],
  },
  'huge texts': {
    limit: 10,
    runtime: 'x'.repeat(500_000),
    cluster: 'x'.repeat(500_000),
    jobId: 'x'.repeat(500_000),
    version: 'x'.repeat(500_000),
  },
};

const CLIENT_INPUTS: readonly HostileInput[] = REQUEST_NAMES.filter((name) => !BARE.has(name)).flatMap(
  (name) =>
    Object.entries(GARBAGE).map(([why, input]): HostileInput => ({
      name: `request ${name} with ${why}`,
      outcome: 'refused',
      send: ({ forge }) => forge.activity(REQUESTS_QUEUE, name, [input]),
    })),
);

const LIMITS: readonly HostileInput[] = [-1, 0, 1.5, 1e9, '10', 'x; drop table job', null].map((limit) => ({
  name: `list of jobs with the limit ${JSON.stringify(limit)}`,
  outcome: 'refused',
  send: ({ forge }) => forge.activity(REQUESTS_QUEUE, 'listJobs', [{ limit }]),
}));

const step = (
  name: string,
  why: string,
  make: (target: HostileTarget) => unknown,
  queue: string = WORKFLOW_QUEUE,
): HostileInput => ({
  name: `step ${name} outside a job: ${why}`,
  outcome: 'refused',
  send: (target) => target.forge.activity(queue, name, [make(target)]),
});

const INSTANT = providerQueue('effects', 'instant');

const STEPS: readonly HostileInput[] = [
  step(
    'BeginJob',
    'a stop that no user requested',
    ({ otherCluster }) => ({
      jobId: 'j-forged0001',
      clusterId: otherCluster.clusterId,
      action: 'stop',
      options: {},
      requestedBy: 'x',
      provider: 'instant',
    }),
    INSTANT,
  ),
  step('BeginJob', 'null', () => null, INSTANT),
  step(
    'BeginJob',
    'a cease',
    ({ otherCluster }) => ({
      jobId: 'j-forged0002',
      clusterId: otherCluster.clusterId,
      action: 'cease',
      options: {},
      requestedBy: 'x',
      provider: 'instant',
    }),
    INSTANT,
  ),
  step('EndJob', 'of another job', ({ otherCluster }) => ({
    jobId: otherCluster.jobId,
    status: 'failed',
    error: null,
    refresh: false,
  })),
  step('EndJob', 'of a job that is not there', () => ({
    jobId: 'j-forged0003',
    status: 'successful',
    error: null,
    refresh: false,
  })),
  step('EndJob', 'null', () => null),
  step('loadSlice', 'of another job', ({ otherCluster }) => ({
    jobId: otherCluster.jobId,
    slice: { step: 0, of: 'tasks', from: 0, to: 10 },
  })),
  step('loadSlice', 'null', () => null),
  step('LoadFrontgate', 'null', () => null),
  step('LoadFrontgate', 'a forged place', () => ({ runtimeId: 'rt-x', vpcId: 'vpc-x' })),
  step(
    'EndJob',
    'of another job, with a look at the cloud',
    ({ otherCluster }) => ({ jobId: otherCluster.jobId, status: 'failed', error: null, refresh: true }),
    INSTANT,
  ),
  step('InspectFrontgate', 'null', () => null, INSTANT),
  ...Object.entries(TASK_ACTIONS).flatMap(([name, { by }]) => {
    const queue = by === 'node' ? providerQueue('nodes', 'instant') : INSTANT;
    return [
      step(name, 'a forged task', () => ({ taskId: 't-forged' }), queue),
      step(`Wait${name}`, 'null', () => null, queue),
    ];
  }),
];

const GARBAGE_FOR_WORKFLOWS: Readonly<Record<string, unknown>> = {
  null: null,
  'a text': 'x',
  'a list': [],
  'wrong fields': {
    jobId: 7,
    clusterId: null,
    action: {},
    runtimeId: [],
    vpcId: 0,
    queues: null,
    timing: null,
    known: 'x',
  },
  'an action that is not there': {
    jobId: 'j-forged0004',
    clusterId: 'cl-forged004',
    action: '__proto__',
    options: {},
    requestedBy: 'x',
    provider: 'instant',
  },
};

const WORKFLOWS: readonly HostileInput[] = [
  ...['runJob', 'walkSlice', 'frontgate'].flatMap((name) =>
    Object.entries(GARBAGE_FOR_WORKFLOWS).map(([why, input]): HostileInput => ({
      name: `workflow ${name} started with ${why}`,
      outcome: 'refused',
      send: ({ forge }) => forge.workflow(name, `forged/${name}/${why}`, [input]),
    })),
  ),
  {
    name: 'workflow runJob for another cluster under an id of its own',
    outcome: 'refused',
    send: ({ forge, otherCluster }) =>
      forge.workflow('runJob', 'forged/stop', [
        {
          jobId: 'j-forged0005',
          clusterId: otherCluster.clusterId,
          action: 'delete',
          options: { force: true },
          requestedBy: 'x',
          provider: 'instant',
        },
      ]),
  },
  {
    name: 'workflow walkSlice for another job under an id of its own',
    outcome: 'refused',
    send: ({ forge, otherCluster }) =>
      forge.workflow('walkSlice', 'forged/slice', [
        {
          jobId: otherCluster.jobId,
          slice: { step: 0, of: 'tasks', from: 0, to: 100 },
          lanesAtOnce: 1,
          queues: { provider: 'instant', account: 'instant', region: 'instant' },
          timing: { heartbeatSeconds: 5 },
        },
      ]),
  },
  ...[-1, 0, 1e9, null].map((heartbeatSeconds): HostileInput => ({
    name: `workflow walkSlice with a heartbeat of ${heartbeatSeconds} s`,
    outcome: 'refused',
    send: ({ forge }) =>
      forge.workflow('walkSlice', `forged/heartbeat/${heartbeatSeconds}`, [
        {
          jobId: 'j-x',
          slice: { step: 0, of: 'tasks', from: 0, to: 1 },
          lanesAtOnce: 1,
          queues: { provider: 'p', account: 'a', region: 'r' },
          timing: { heartbeatSeconds },
        },
      ]),
  })),
];

export const REQUEST_INPUTS: readonly HostileInput[] = [...CLIENT_INPUTS, ...LIMITS, ...STEPS, ...WORKFLOWS];
