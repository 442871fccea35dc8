import { compareJobViews } from '../../src/client/compare-job-views.ts';
import type { JobEvent } from '../../src/client/index.ts';
import type { JobView, LayerView, TaskView } from '../../src/protocol/index.ts';
import { jobView } from '../client/answers.ts';

export const BASE: JobView = jobView({ jobId: 'j-1', clusterId: 'cl-1' });

export function task(layer: number, index: number, change: Partial<TaskView> = {}): TaskView {
  return {
    taskId: `j-1.${layer}.${index}`,
    action: layer === 0 ? 'RunInstances' : 'StartService',
    nodeId: `cln-${index}`,
    label: `zk ${index + 1}`,
    status: 'queued',
    round: 0,
    attempts: 0,
    observation: null,
    error: null,
    startedAt: null,
    endedAt: null,
    ...change,
  };
}

export function layer(index: number, name: string, tasks: readonly TaskView[]): LayerView {
  const count = (status: string): number => tasks.filter((one) => one.status === status).length;
  const counts = { done: count('successful'), failed: count('failed'), skipped: count('skipped') };
  return { index, name, total: tasks.length, ...counts, tasks };
}

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();

const done = (from: number, to: number): Partial<TaskView> => ({
  status: 'successful',
  startedAt: at(from),
  endedAt: at(to),
});

const throttled = { kind: 'throttled', code: 'THROTTLED', message: 'too many calls' } as const;
const broken = { kind: 'internal', code: 'COMMAND_FAILED', message: 'exit code 1:\n  no such file' } as const;

/** One job, looked at again and again. */
export const VIEWS: readonly { readonly at: string; readonly view: JobView }[] = [
  { at: at(0), view: BASE },
  {
    at: at(1),
    view: {
      ...BASE,
      layers: [
        layer(0, 'RunInstances', [
          task(0, 0, { status: 'working', startedAt: at(1), observation: 'pending' }),
          task(0, 1, { status: 'working', startedAt: at(1) }),
        ]),
        layer(1, 'StartService order 0', [task(1, 0), task(1, 1)]),
      ],
    },
  },
  {
    at: at(3),
    view: {
      ...BASE,
      layers: [
        layer(0, 'RunInstances', [
          task(0, 0, done(1, 3)),
          task(0, 1, {
            status: 'working',
            startedAt: at(1),
            attempts: 1,
            error: throttled,
            nextAttemptAt: at(8),
          }),
        ]),
        layer(1, 'StartService order 0', [task(1, 0), task(1, 1)]),
      ],
    },
  },
  {
    at: at(12),
    view: {
      ...BASE,
      layers: [
        layer(0, 'RunInstances', [task(0, 0, done(1, 3)), task(0, 1, { ...done(1, 9), attempts: 1 })]),
        layer(1, 'StartService order 0', [
          task(1, 0, { status: 'working', startedAt: at(9), observation: 'runs, no exit code yet' }),
          task(1, 1, { status: 'working', startedAt: at(9) }),
        ]),
      ],
    },
  },
  {
    at: at(75),
    view: {
      ...BASE,
      status: 'failed',
      closedAt: at(75),
      error: broken,
      layers: [
        layer(0, 'RunInstances', [task(0, 0, done(1, 3)), task(0, 1, { ...done(1, 9), attempts: 1 })]),
        layer(1, 'StartService order 0', [
          task(1, 0, { status: 'failed', startedAt: at(9), endedAt: at(74), attempts: 1, error: broken }),
          task(1, 1, done(9, 20)),
        ]),
      ],
    },
  },
];

/** The events between the looks up to one of them. */
export function eventsUntil(index: number): readonly JobEvent[] {
  return VIEWS.slice(0, index + 1).flatMap(({ at: seenAt, view }, look) =>
    compareJobViews(VIEWS[look - 1]?.view ?? null, view, seenAt),
  );
}
