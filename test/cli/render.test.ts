import { describe, expect, test } from 'vitest';
import { renderEventLine } from '../../src/cli/render/event-line.ts';
import { applyJobEvent, createJobState, toJobState, type JobState } from '../../src/cli/render/job-state.ts';
import { renderJobTree, type TreeOptions } from '../../src/cli/render/job-tree.ts';
import { eventsUntil, VIEWS } from './job-sample.ts';

const OPTIONS: TreeOptions = { width: 72, colour: false, now: '2026-01-01T00:00:04.000Z' };

function stateAfter(look: number): JobState {
  return eventsUntil(look).reduce(applyJobEvent, createJobState('j-1', 'cl-1'));
}

describe('the tree of a job', () => {
  test('shows what runs, what each wait last saw, and when a failed try is followed', () => {
    expect(renderJobTree(stateAfter(2), OPTIONS)).toMatchInlineSnapshot(`
      "create cl-1  j-1  working  4s
      ● RunInstances                    1/2      3s
          ● RunInstances zk 2           3s       1 failed try, next in 4s: to…
          ✔ RunInstances zk 1           2s
      · StartService order 0            0/2
      "
    `);
  });

  test('folds what ended well, and says why the rest did not', () => {
    expect(renderJobTree(stateAfter(4), OPTIONS)).toMatchInlineSnapshot(`
      "create cl-1  j-1  failed  1m15s
      ✔ RunInstances                    2/2      8s
      ✖ StartService order 0            1/2      1 failed  1m05s
          ✖ StartService zk 1           1m05s    exit code 1: no such file
          ✔ StartService zk 2           11s
      COMMAND_FAILED: exit code 1: no such file
      "
    `);
  });

  test('is the same whether events were added up or the job is looked at once', () => {
    const view = VIEWS[4]?.view;
    if (view === undefined) throw new Error('the sample has five looks');
    expect(renderJobTree(toJobState(view), OPTIONS)).toBe(renderJobTree(stateAfter(4), OPTIONS));
  });

  test('never writes a line wider than the terminal', () => {
    for (const width of [20, 40, 72]) {
      for (const line of renderJobTree(stateAfter(4), { ...OPTIONS, width }).split('\n')) {
        expect(line.length).toBeLessThanOrEqual(width);
      }
    }
  });

  test('counts the tasks that there is no room for', () => {
    expect(renderJobTree(stateAfter(2), { ...OPTIONS, tasksPerLayer: 1 })).toContain('… and 1 more');
  });

  test('says that nobody answers, and stops saying it', () => {
    const error = { kind: 'unavailable', code: 'NO_WORKER', message: 'no worker took the request' } as const;
    const lost = applyJobEvent(stateAfter(1), { event: 'contact-lost', at: '', jobId: 'j-1', error });
    expect(renderJobTree(lost, OPTIONS)).toContain('no worker took the request; still trying');
    const back = applyJobEvent(lost, { event: 'contact-restored', at: '', jobId: 'j-1' });
    expect(renderJobTree(back, OPTIONS)).toBe(renderJobTree(stateAfter(1), OPTIONS));
  });

  test('uses colours only where they are allowed', () => {
    expect(renderJobTree(stateAfter(2), { ...OPTIONS, colour: true })).toContain('\u001b[');
    expect(renderJobTree(stateAfter(2), OPTIONS)).not.toContain('\u001b[');
  });
});

test('writes one line an event where nothing can be taken back', () => {
  expect(eventsUntil(4).map(renderEventLine).join('')).toMatchInlineSnapshot(`
    "00:00:00Z  job j-1: create cl-1
    00:00:01Z  plan: 2 layers, 4 tasks
    00:00:01Z  layer 1 RunInstances: 2 tasks
    00:00:01Z    RunInstances zk 1: pending
    00:00:03Z    RunInstances zk 1: successful in 2s
    00:00:03Z    RunInstances zk 2: try 1 failed: too many calls
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
