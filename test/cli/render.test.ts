import { describe, expect, test } from 'vitest';
import { renderEventLine } from '../../src/cli/render/event-line.ts';
import { renderJobTree, renderUnseenJob, type TreeOptions } from '../../src/cli/render/job-tree.ts';
import type { JobView, LayerView } from '../../src/protocol/index.ts';
import { eventsUntil, VIEWS } from './job-sample.ts';

const OPTIONS: TreeOptions = { width: 72, colour: false, now: '2026-01-01T00:00:04.000Z' };

function viewAt(look: number): JobView {
  const view = VIEWS[look]?.view;
  if (view === undefined) throw new Error('the sample has five looks');
  return view;
}

describe('the tree of a job', () => {
  test('shows what runs, what each wait last saw, and when a failed attempt is followed', () => {
    expect(renderJobTree(viewAt(2), OPTIONS)).toMatchInlineSnapshot(`
      "create cl-1  j-1  working  4s
      ● RunInstances                    1/2      3s
          ● RunInstances zk 2           3s       1 failed attempt, next in 4s…
          ✔ RunInstances zk 1           2s
      · StartService order 0            0/2
      "
    `);
  });

  test('puts the layers of lanes below their step, of which several may be under way', () => {
    const lanes = { count: 9, atOnce: 3 };
    const steps = [
      { index: 0, title: 'make nodes', runs: 'in-order', lanes, layers: [0] },
      { index: 1, title: 'StartService order 0', runs: 'always', lanes: null, layers: [1] },
    ] as const;
    const shown = (view: JobView): string => renderJobTree(view, OPTIONS);
    expect(shown({ ...viewAt(1), steps })).toMatchInlineSnapshot(`
      "create cl-1  j-1  working  4s
      make nodes  9 lanes, 3 at a time
        ● RunInstances                  0/2      3s
          ● RunInstances zk 1           3s       pending
          ● RunInstances zk 2           3s
      · StartService order 0            0/2
      "
    `);
    expect(
      shown({ ...viewAt(1), steps: [{ ...steps[0], lanes: { count: 1, atOnce: 1 } }, steps[1]] }),
    ).toContain('make nodes  1 lane\n');
  });

  test('folds what ended well, and says why the rest did not', () => {
    expect(renderJobTree(viewAt(4), OPTIONS)).toMatchInlineSnapshot(`
      "create cl-1  j-1  failed  1m15s
      ✔ RunInstances                    2/2      8s
      ✖ StartService order 0            1/2      1 failed  1m05s
          ✖ StartService zk 1           1m05s    exit code 1: no such file
          ✔ StartService zk 2           11s
      COMMAND_FAILED: exit code 1: no such file
      "
    `);
  });

  test('says who holds a job and why, and what was skipped or is tried again', () => {
    const [first, second] = viewAt(4).layers;
    const [failed, done] = second?.tasks ?? [];
    if (first === undefined || second === undefined || failed === undefined || done === undefined)
      throw new Error('the sample has two layers of two tasks');
    const at = '2026-01-01T00:00:03.000Z';
    const view: JobView = {
      ...viewAt(4),
      status: 'held',
      closedAt: null,
      error: null,
      held: { by: 'windlass', why: 'StartService of zk 1 failed', at },
      layers: [
        first,
        { ...second, failed: 0, skipped: 1, tasks: [{ ...failed, status: 'skipped' }, done] },
        {
          ...second,
          name: 'StartService order 1',
          done: 0,
          failed: 0,
          tasks: [{ ...failed, status: 'queued', round: 1, error: null }],
        },
      ],
      commands: [{ command: 'skip', taskId: 'j-1.1.0', by: 'ada', why: 'it is not needed', at }],
    };
    expect(renderJobTree(view, OPTIONS)).toMatchInlineSnapshot(`
      "create cl-1  j-1  held  4s
      ✔ RunInstances                    2/2      8s
      ✔ StartService order 0            1/2      1 skipped  1m05s
          ✔ StartService zk 2           11s
          - StartService zk 1           1m05s    skipped: exit code 1: no suc…
      ● StartService order 1            0/2      0s
          · StartService zk 1                    is tried again
      held by windlass: StartService of zk 1 failed
      "
    `);
    expect(renderJobTree(view, { ...OPTIONS, expandAll: true })).toContain(
      '2026-01-01T00:00:03.000Z  ada: skip j-1.1.0: it is not needed\n',
    );
  });

  test('never writes a line wider than the terminal', () => {
    for (const width of [20, 40, 72]) {
      for (const line of renderJobTree(viewAt(4), { ...OPTIONS, width }).split('\n')) {
        expect(line.length).toBeLessThanOrEqual(width);
      }
    }
  });

  test('counts the tasks that there is no room for', () => {
    expect(renderJobTree(viewAt(2), { ...OPTIONS, tasksPerLayer: 1 })).toContain('… and 1 more');
  });

  test('says that no worker answers, before and after the first look', () => {
    const lost = { kind: 'unavailable', code: 'NO_WORKER', message: 'no worker took the request' } as const;
    const line = 'no worker took the request; still trying';
    expect(renderJobTree(viewAt(1), { ...OPTIONS, lost })).toContain(line);
    expect(renderJobTree({ ...viewAt(1), error: lost }, OPTIONS)).toContain(line);
    expect(renderJobTree(viewAt(1), { ...OPTIONS, lost: null })).not.toContain('still trying');
    const unseen = { jobId: 'j-1', clusterId: 'cl-1' };
    expect(renderUnseenJob(unseen, { ...OPTIONS, lost })).toBe(`job cl-1  j-1  queued\n${line}\n`);
  });

  test('shows a layer of a large job, which lists only what is unfinished or failed', () => {
    const [first] = viewAt(2).layers;
    if (first === undefined) throw new Error('the sample has two layers');
    const shown = (change: Partial<LayerView>): string =>
      renderJobTree({ ...viewAt(2), layers: [{ ...first, total: 300, ...change }] }, OPTIONS);
    expect(shown({ done: 299, tasks: [] })).toContain('● RunInstances                    299/300');
    expect(shown({ done: 300, tasks: [] })).toContain('✔ RunInstances                    300/300');
    expect(shown({ done: 0, tasks: [] })).toContain('· RunInstances                    0/300');
  });

  test('uses colours only where they are allowed', () => {
    expect(renderJobTree(viewAt(2), { ...OPTIONS, colour: true })).toContain('\u001b[');
    expect(renderJobTree(viewAt(2), OPTIONS)).not.toContain('\u001b[');
  });
});

test('writes one line an event where nothing can be taken back', () => {
  expect(eventsUntil(4).map(renderEventLine).join('')).toMatchInlineSnapshot(`
    "00:00:00Z  job j-1: create cl-1
    00:00:01Z  plan: 2 layers, 4 tasks
    00:00:01Z  layer 1 RunInstances: 2 tasks
    00:00:01Z    RunInstances zk 1: pending
    00:00:03Z    RunInstances zk 1: successful in 2s
    00:00:03Z    RunInstances zk 2: attempt 1 failed: too many calls
    00:00:09Z    RunInstances zk 2: successful in 8s
    00:00:09Z  layer 1 RunInstances: 2/2 done
    00:00:09Z  layer 2 StartService order 0: 2 tasks
    00:00:12Z    StartService zk 1: runs, no exit code yet
    00:01:14Z    StartService zk 1: failed in 1m05s: exit code 1: no such file
    00:00:20Z    StartService zk 2: successful in 11s
    00:01:14Z  layer 2 StartService order 0: 1/2 done, 1 failed
    00:01:15Z  job j-1: failed in 1m15s: exit code 1: no such file
    "
  `);
});
