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

  test('says when nobody can go on with the job, and when somebody does', () => {
    const stuck = { ...BASE, error: { kind: 'internal', code: 'JOB_STUCK', message: 'm' } as const };
    expect(names(BASE, stuck)).toEqual(['contact-lost']);
    expect(names(stuck, stuck)).toEqual([]);
    expect(names(stuck, BASE)).toEqual(['contact-restored']);
  });
});
