import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedTask, PlanSlice, StepShape } from '../../../src/domain/index.ts';
import {
  createLanes,
  createLayer,
  createPlan,
  flattenPlan,
  listLayers,
  listTasks,
  SLICE_TASKS,
  sliceStep,
} from '../../../src/plan/index.ts';

function task(label: string): PlannedTask {
  return {
    action: 'PrepareNode',
    nodeId: label,
    label,
    directive: {},
    resources: [],
    failureAllowed: false,
    timeoutSeconds: 1,
  };
}

const lane = (label: string, titles: readonly string[]) => ({
  label,
  layers: titles.map((title) => createLayer(title, [task(`${label} ${title}`)])),
});

describe('a step of lanes', () => {
  it('leaves out empty layers and empty lanes, and runs all lanes at once unless told otherwise', () => {
    const empty = { label: 'c', layers: [createLayer('make', [])] };
    const lanes = [lane('a', ['make', 'mount']), lane('b', ['make']), empty];
    expect(createLanes('nodes', lanes)).toMatchObject({ atOnce: 2, runs: 'in-order' });
    expect(createLanes('nodes', lanes).lanes.map(({ label }) => label)).toEqual(['a', 'b']);
    expect(createLanes('nodes', lanes, { atOnce: 1, runs: 'always' })).toMatchObject({
      atOnce: 1,
      runs: 'always',
    });
    expect(createPlan([createLanes('nothing', [empty])])).toEqual([]);
  });

  it('is refused where one lane is longer than one workflow may walk', () => {
    const tasks = Array.from({ length: SLICE_TASKS + 1 }, (_, index) => task(`${index}`));
    const long = createLanes('nodes', [{ label: 'node 1', layers: [createLayer('make', tasks)] }]);
    expect(() => createPlan([long])).toThrow(expect.objectContaining({ code: 'PLAN_LANE_TOO_LONG' }));
  });
});

describe('a flattened plan', () => {
  it('has one layer for each title of its lanes, and tasks that know their lane', () => {
    const plan = createPlan([
      createLayer('acquire', [task('x')]),
      createLanes('nodes', [lane('a', ['make', 'prepare']), lane('b', ['make', 'attach', 'prepare'])]),
      createLayer('register', [task('y')], 'always'),
    ]);
    const { steps, tasks } = flattenPlan(plan);
    expect(steps.map(({ title, runs, lanes }) => [title, runs, lanes])).toEqual([
      ['acquire', 'in-order', null],
      ['nodes', 'in-order', { count: 2, atOnce: 2, mostTasks: 3 }],
      ['register', 'always', null],
    ]);
    expect(
      steps.flatMap(({ layers }) => layers.map(({ index, name, total }) => [index, name, total])),
    ).toEqual([
      [0, 'acquire', 1],
      [1, 'make', 2],
      [2, 'attach', 1],
      [3, 'prepare', 2],
      [4, 'register', 1],
    ]);
    expect(tasks.map(({ label, layerIndex, index, lane: of }) => [label, layerIndex, index, of])).toEqual([
      ['x', 0, 0, null],
      ['a make', 1, 0, 0],
      ['b make', 1, 1, 1],
      ['b attach', 2, 0, 1],
      ['a prepare', 3, 0, 0],
      ['b prepare', 3, 1, 1],
      ['y', 4, 0, null],
    ]);
  });

  it('holds every task once and keeps the order within each lane, whatever titles repeat', () => {
    const titles = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(titles, { minLength: 1, maxLength: 6 }), (all) => {
        const plan = createPlan([
          createLanes(
            'nodes',
            all.map((one, index) => lane(`${index}`, one)),
          ),
        ]);
        const { tasks } = flattenPlan(plan);
        expect(tasks).toHaveLength(listTasks(plan).length);
        expect(new Set(tasks.map(({ layerIndex, index }) => `${layerIndex}.${index}`)).size).toBe(
          tasks.length,
        );
        for (const [index, one] of all.entries()) {
          const own = tasks.filter((each) => each.lane === index).sort((x, y) => x.layerIndex - y.layerIndex);
          expect(own.map(({ label }) => label)).toEqual(one.map((title) => `${index} ${title}`));
        }
        expect(listLayers(plan).flatMap((layer) => layer.tasks)).toHaveLength(tasks.length);
      }),
    );
  });

  it('has as many layers for a thousand lanes as for one', () => {
    const of = (count: number) =>
      flattenPlan(
        createPlan([
          createLanes(
            'nodes',
            Array.from({ length: count }, (_, index) => lane(`${index}`, ['make', 'attach', 'mount'])),
          ),
        ]),
      ).steps[0]?.layers.length;
    expect([of(1), of(1000)]).toEqual([3, 3]);
  });
});

describe('the slices of a step', () => {
  const layer = (total: number): StepShape => ({
    index: 3,
    title: 'layer',
    runs: 'in-order',
    lanes: null,
    layers: [{ index: 0, name: 'layer', total }],
  });
  const lanes = (count: number, atOnce: number, mostTasks: number): StepShape => ({
    ...layer(count * mostTasks),
    lanes: { count, atOnce, mostTasks },
  });

  it('are whole for a step that fits into one workflow', () => {
    expect(sliceStep(layer(100)).slices).toEqual([{ step: 3, of: 'tasks', from: 0, to: 100 }]);
    expect(sliceStep(lanes(20, 20, 5))).toMatchObject({
      slices: [{ step: 3, of: 'lanes', from: 0, to: 20 }],
      lanesAtOnce: 20,
    });
  });

  it('let as many nodes be worked on at once in lanes as in a layer', () => {
    const nodesAtOnce = (step: StepShape): number => {
      const { slices, slicesAtOnce } = sliceStep(step);
      return slices.slice(0, slicesAtOnce).reduce((sum, { from, to }) => sum + to - from, 0);
    };
    expect(nodesAtOnce(layer(2000))).toBe(1000);
    expect(nodesAtOnce(lanes(2000, 2000, 7))).toBeGreaterThan(980);
    expect(nodesAtOnce(lanes(2000, 2000, 7))).toBeLessThanOrEqual(1000);
    expect(nodesAtOnce(lanes(2000, 3, 7))).toBe(14);
  });

  it('hold at most 100 tasks, cover the step once, and never begin more lanes than may run at once', () => {
    const count = fc.integer({ min: 1, max: 2000 });
    fc.assert(
      fc.property(count, count, fc.integer({ min: 1, max: 100 }), (all, atOnce, mostTasks) => {
        const { slices, slicesAtOnce, lanesAtOnce } = sliceStep(lanes(all, Math.min(atOnce, all), mostTasks));
        const width = ({ from, to }: PlanSlice): number => to - from;
        expect(slices.every((slice) => width(slice) * mostTasks <= SLICE_TASKS)).toBe(true);
        expect(slices.map(({ from }) => from)).toEqual([0, ...slices.slice(0, -1).map(({ to }) => to)]);
        expect(slices.at(-1)?.to).toBe(all);
        expect(lanesRunning(slices.slice(0, slicesAtOnce), lanesAtOnce)).toBeLessThanOrEqual(atOnce);
      }),
    );
  });

  it('all begin at once where all lanes may run at once, the small last one too', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 100 }), (count, mostTasks) => {
        const { slices, slicesAtOnce, lanesAtOnce } = sliceStep(lanes(count, count, mostTasks));
        expect(lanesRunning(slices.slice(0, slicesAtOnce), lanesAtOnce)).toBe(count);
      }),
    );
  });

  function lanesRunning(slices: readonly PlanSlice[], lanesAtOnce: number): number {
    return slices.reduce((sum, { from, to }) => sum + Math.min(to - from, lanesAtOnce), 0);
  }
});
