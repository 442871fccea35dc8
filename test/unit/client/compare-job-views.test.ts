import { describe, expect, test } from 'vitest';
import { compareJobViews } from '../../../src/client/compare-job-views.ts';
import type { JobView } from '../../../src/protocol/index.ts';
import { BASE, eventsUntil, layer, task, VIEWS } from '../../cli/job-sample.ts';

const SEEN_AT = '2026-01-01T01:00:00.000Z';

function names(previous: JobView | null, next: JobView): string[] {
  return compareJobViews(previous, next, SEEN_AT).map((event) => event.event);
}

describe('comparing two looks at a job', () => {
  test('finds nothing new in the same look', () => {
    for (const { view } of VIEWS.slice(0, 4)) expect(names(view, view)).toEqual([]);
  });

  test('tells each start and end once, whatever the number of looks', () => {
    const ends = eventsUntil(4).filter((event) => event.event === 'task-ended');
    expect(ends.map((event) => event.taskId)).toEqual(['j-1.0.0', 'j-1.0.1', 'j-1.1.0', 'j-1.1.1']);
    const layers = eventsUntil(4).filter((event) => event.event.startsWith('layer-'));
    expect(layers.map((event) => event.event)).toEqual([
      'layer-started',
      'layer-ended',
      'layer-started',
      'layer-ended',
    ]);
  });

  test('tells the whole story of a closed job that was never looked at before', () => {
    const closed = VIEWS[4]?.view ?? BASE;
    const story = names(null, closed);
    expect(story.at(0)).toBe('job-started');
    expect(story.at(-1)).toBe('job-ended');
    expect(story.filter((name) => name === 'task-ended')).toHaveLength(4);
  });

  test('takes the times that are stored, and its own where there is none', () => {
    const [started] = compareJobViews(null, BASE, SEEN_AT);
    expect(started?.at).toBe(BASE.startedAt);
    const running = { ...BASE, layers: [layer(0, 'RunInstances', [task(0, 0, { status: 'working' })])] };
    const events = compareJobViews(BASE, running, SEEN_AT);
    expect(events.find((event) => event.event === 'task-started')?.at).toBe(SEEN_AT);
  });

  test('counts a task as done that left the list of a large job', () => {
    const before = {
      ...BASE,
      layers: [{ ...layer(0, 'RunInstances', [task(0, 0, { status: 'working' })]), total: 500 }],
    };
    const after = { ...BASE, layers: [{ ...layer(0, 'RunInstances', []), total: 500, done: 1 }] };
    expect(compareJobViews(before, after, SEEN_AT)).toMatchObject([
      { event: 'task-ended', taskId: 'j-1.0.0', status: 'successful', at: SEEN_AT },
    ]);
  });

  test('says nothing of tasks that were skipped', () => {
    const before = { ...BASE, layers: [layer(0, 'RunInstances', [task(0, 0)])] };
    const skipped = [task(0, 0, { status: 'skipped', endedAt: SEEN_AT })];
    const after: JobView = { ...BASE, status: 'cancelled', layers: [layer(0, 'RunInstances', skipped)] };
    expect(names(before, after)).toEqual(['job-ended']);
  });

  test('says when no worker can continue the job, and when one does', () => {
    const stuck = { ...BASE, error: { kind: 'internal', code: 'JOB_STUCK', message: 'm' } as const };
    expect(names(BASE, stuck)).toEqual(['contact-lost']);
    expect(names(stuck, stuck)).toEqual([]);
    expect(names(stuck, BASE)).toEqual(['contact-restored']);
  });

  test('tells once that a job is held, by whom and why, and that it goes on', () => {
    const held = { by: 'ada', why: 'the node is away', at: '2026-01-01T00:00:30.000Z' };
    const holding = { ...BASE, status: 'held' as const, held };
    expect(compareJobViews(BASE, holding, SEEN_AT)).toEqual([
      { event: 'job-held', at: held.at, jobId: 'j-1', by: 'ada', why: 'the node is away' },
    ]);
    expect(names(holding, holding)).toEqual([]);
    expect(names(null, holding)).toEqual(['job-started', 'job-held']);
    expect(names(holding, BASE)).toEqual(['job-resumed']);
    // Resumed and held again between two looks.
    expect(names(holding, { ...holding, held: { ...held, at: SEEN_AT } })).toEqual(['job-held']);
    expect(names(holding, { ...BASE, status: 'cancelled', closedAt: SEEN_AT })).toEqual(['job-ended']);
  });

  test('tells the start and the end of each round of a task', () => {
    const withTask = (change: Parameters<typeof task>[2]) => ({
      ...BASE,
      layers: [layer(0, 'RunInstances', [task(0, 0, change)])],
    });
    const times = { startedAt: BASE.startedAt, endedAt: SEEN_AT };
    const failed = withTask({ status: 'failed', ...times });
    const opened = withTask({ status: 'queued', startedAt: BASE.startedAt, round: 1 });
    const again = withTask({ status: 'working', startedAt: BASE.startedAt, round: 1 });
    expect(names(failed, opened)).toEqual([]);
    expect(names(opened, again)).toContain('task-started');
    expect(names(failed, again)).toContain('task-started');
    const [ended] = compareJobViews(
      failed,
      withTask({ status: 'failed', round: 1, ...times }),
      SEEN_AT,
    ).filter(({ event }) => event === 'task-ended');
    expect(ended).toMatchObject({ taskId: 'j-1.0.0', status: 'failed' });
    expect(names(again, withTask({ status: 'successful', round: 1, ...times }))).toContain('task-ended');
  });

  test('ends a layer whose failed task is skipped', () => {
    const done = task(0, 1, { status: 'successful', startedAt: BASE.startedAt, endedAt: SEEN_AT });
    const failed = task(0, 0, { status: 'working', startedAt: BASE.startedAt });
    const skipped = { ...failed, status: 'skipped' as const, endedAt: SEEN_AT };
    const before = { ...BASE, layers: [layer(0, 'RunInstances', [failed, done])] };
    const after = { ...BASE, layers: [layer(0, 'RunInstances', [skipped, done])] };
    expect(names(before, after)).toEqual(['task-ended', 'layer-ended']);
  });
});
