import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ONCE_ACTIONS, type JobPlan, type OnceAction, type PastTask } from '../../../src/domain/index.ts';
import { findTaskFacts } from '../../../src/provider/index.ts';
import { RELEASE_TASKS } from '../../../src/providers/kubernetes/release-tasks.ts';
import { canonicalJson, listLayers, listTasks, refuseUnmade } from '../../../src/plan/index.ts';
import { equalNodes, manyRoles, service } from './clusters.ts';
import { labels, layerNames, plan, tasksOf } from './planning.ts';

const ENDS = ['unbegun', 'done', 'failed', 'unknown', 'unseen'] as const;
type End = PastTask['end'];

/** What a create that ended as `endOf` says has left in the rows of its tasks. */
function pastOf(
  create: JobPlan,
  endOf: (task: { action: OnceAction; label: string; layer: string }) => End,
  jobId = 'j-create',
): readonly PastTask[] {
  return listLayers(create).flatMap((layer, layerIndex) =>
    layer.tasks.flatMap(({ action, nodeId, label }, index) => {
      const once = ONCE_ACTIONS.find((name) => name === action);
      if (once === undefined) return [];
      const end = endOf({ action: once, label, layer: layer.title });
      return [{ taskId: `${jobId}.${layerIndex}.${index}`, round: 0, nodeId, label, action: once, end }];
    }),
  );
}

const WRAPPER = manyRoles('failed', 'active');
const CREATE = plan('create', manyRoles('pending', 'pending'));
const HEALTHY = plan('start', WRAPPER);
const start = (past: readonly PastTask[]): JobPlan => plan('start', WRAPPER, {}, undefined, past);
const CLOUD: ReadonlySet<string> = new Set(['CreateVolumes', 'RunInstances']);

describe('start of a cluster whose create did not end well', () => {
  it('of one that owes nothing is the same as ever, byte by byte', () => {
    expect(canonicalJson(start(pastOf(CREATE, () => 'done')))).toBe(canonicalJson(HEALTHY));
    expect(canonicalJson(start([]))).toBe(canonicalJson(HEALTHY));
  });

  it('of one that stopped before any node was worked on does all of it, in the order of a create', () => {
    const made = start(pastOf(CREATE, ({ action }) => (CLOUD.has(action) ? 'done' : 'unbegun')));
    const from = layerNames(CREATE).indexOf('FormatAndMountVolumes');
    expect(listLayers(made).slice(layerNames(made).indexOf('FormatAndMountVolumes'))).toEqual(
      listLayers(CREATE).slice(from),
    );
  });

  it('holds every once-only step exactly where no job has done it', () => {
    const end = fc.constantFrom<End>('unbegun', 'done', 'failed', 'unseen');
    const once = pastOf(CREATE, () => 'done');
    const ends = fc.array(end, { minLength: once.length, maxLength: once.length });
    fc.assert(
      fc.property(ends, ends, (first, second) => {
        const past = [
          ...once.map((task, index) => ({ ...task, end: first[index] ?? 'done' })),
          ...once.map((task, index) => ({ ...task, taskId: `later-${index}`, end: second[index] ?? 'done' })),
        ];
        const owed = once
          .filter((_, index) => first[index] !== 'done' && second[index] !== 'done')
          .filter(({ action }) => !CLOUD.has(action));
        const made = start(past);
        const names = (tasks: readonly { action: string; nodeId: string | null }[]): readonly string[] =>
          tasks.map(({ action, nodeId }) => `${action} ${nodeId}`).sort();
        const planned = listTasks(made).filter((task) =>
          task.action === 'FormatAndMountVolumes'
            ? task.directive.format
            : ONCE_ACTIONS.some((name) => name === task.action),
        );
        expect(names(planned)).toEqual(names(owed));
        // What is not owed once is as in any start.
        for (const layer of listLayers(HEALTHY).filter(({ title }) => title !== 'FormatAndMountVolumes')) {
          expect(tasksOf(made, layer.title)).toEqual(layer.tasks);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('runs on the nodes that lack it alone', () => {
    const [first] = labels(CREATE, 'InitService');
    const made = start(
      pastOf(CREATE, ({ layer, label }) => (layer === 'InitService' && label === first ? 'failed' : 'done')),
    );
    expect(labels(made, 'InitService')).toEqual([first]);
    expect(layerNames(made)).not.toContain('RegisterCustomMetadata');
    expect(layerNames(made).filter((title) => title === 'InitService')).toHaveLength(1);
  });

  it('names the attempts whose end was never reported, and only those', () => {
    const twice = [
      ...pastOf(CREATE, ({ action }) => (action === 'InitService' ? 'failed' : 'done'), 'j-1'),
      ...pastOf(CREATE, ({ action }) => (action === 'InitService' ? 'unseen' : 'done'), 'j-2'),
    ];
    const [task] = tasksOf(start(twice), 'InitService');
    expect(task?.directive).toHaveProperty('earlier', [
      { taskId: expect.stringMatching(/^j-2\./) as string, round: 0 },
    ]);
    const failed = start(pastOf(CREATE, ({ action }) => (action === 'InitService' ? 'failed' : 'done')));
    expect(tasksOf(failed, 'InitService')[0]?.directive).not.toHaveProperty('earlier');
  });

  it.each(['InitService', 'RegisterCustomMetadata'] as const)(
    'is refused if the outcome of %s is unknown',
    (unknown) => {
      const past = pastOf(CREATE, ({ action }) => (action === unknown ? 'unknown' : 'done'));
      expect(() => start(past)).toThrow(
        expect.objectContaining({
          kind: 'conflict',
          code: 'CLUSTER_NOT_WHOLE',
          message: expect.stringContaining(`the outcome of ${unknown} of master 1 is unknown`),
          hint: expect.stringContaining('windlass cluster delete cl-1'),
        }),
      );
    },
  );

  it('runs an init of unknown end again where that is declared harmless', () => {
    const harmless = {
      ...equalNodes('failed', 'active'),
      roles: equalNodes('failed', 'active').roles.map((role) => ({
        ...role,
        services: [service('init', { idempotent: true }), service('start')],
      })),
    };
    const past = pastOf(plan('create', harmless), ({ action }) =>
      action === 'InitService' ? 'unknown' : 'done',
    );
    expect(labels(plan('start', harmless, {}, undefined, past), 'InitService')).toEqual([
      'node 1',
      'node 2',
      'node 3',
    ]);
  });

  it('is refused where a delete has taken a node away', () => {
    const [first, ...others] = WRAPPER.nodes;
    if (first === undefined) throw new Error('no nodes');
    const nodes = [{ ...first, status: 'deleted' as const }, ...others];
    expect(() => plan('start', { ...WRAPPER, nodes })).toThrow(
      expect.objectContaining({ code: 'CLUSTER_NOT_WHOLE', message: expect.stringContaining('was deleted') }),
    );
  });
});

describe('a cluster whose resources were never all made', () => {
  const provider = { name: 'releases', tasks: RELEASE_TASKS };
  const refuse = (past: readonly PastTask[], wasActive = false): (() => void) => {
    return () =>
      refuseUnmade({ ...WRAPPER.cluster, wasActive }, past, (name) => findTaskFacts(name, provider));
  };

  it.each(ENDS.filter((end) => end !== 'done'))('is refused with a RunInstances that ended %s', (end) => {
    const past = pastOf(CREATE, ({ action, label }) =>
      action === 'RunInstances' && label === 'client 9' ? end : 'done',
    );
    for (const wasActive of [false, true]) {
      expect(refuse(past, wasActive)).toThrow(
        expect.objectContaining({
          kind: 'conflict',
          code: 'CLUSTER_NOT_WHOLE',
          message: expect.stringContaining('RunInstances of client 9'),
        }),
      );
    }
  });

  it('is refused where nothing was begun at all', () => {
    expect(refuse([])).toThrow(expect.objectContaining({ code: 'CLUSTER_NOT_WHOLE' }));
    expect(refuse(pastOf(CREATE, () => 'unbegun'))).toThrow(
      expect.objectContaining({ code: 'CLUSTER_NOT_WHOLE' }),
    );
    expect(refuse([], true)).not.toThrow();
  });

  it('is not refused for what is owed on nodes', () => {
    expect(refuse(pastOf(CREATE, ({ action }) => (CLOUD.has(action) ? 'done' : 'unbegun')))).not.toThrow();
  });

  it('is refused while its release was never installed, until a later job has made it whole', () => {
    const release = {
      taskId: 'j.0.0',
      round: 0,
      nodeId: null,
      label: 'web',
      action: 'InstallRelease',
    } as const;
    expect(refuse([{ ...release, end: 'failed' }])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('windlass cluster recover cl-1') }),
    );
    expect(refuse([{ ...release, end: 'failed' }], true)).not.toThrow();
    expect(
      refuse([
        { ...release, end: 'failed' },
        { ...release, end: 'done' },
      ]),
    ).not.toThrow();
  });
});
