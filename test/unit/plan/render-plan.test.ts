import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTask, type Lane, type PlannedTask } from '../../../src/domain/index.ts';
import { createLanes, createLayer, createPlan, renderPlan } from '../../../src/plan/index.ts';

function run(label: string, cpu = 1): PlannedTask {
  const nodeId = `cln-${label.replace(' ', '-')}`;
  return planTask({
    action: 'RunInstances',
    nodeId,
    label,
    directive: {
      cpu,
      memoryMiB: 1024,
      gpu: 0,
      gpuClass: 0,
      instanceClass: 0,
      container: { type: 'kvm', image: 'img-1', zone: '' },
      subnetId: 'subnet-1',
      hostname: nodeId,
    },
    resources: [{ kind: 'instance', intent: 'make', spec: { cpu } }],
    failureAllowed: false,
    timeoutSeconds: 600,
  });
}

function attach(label: string, failureAllowed = false): PlannedTask {
  return planTask({
    action: 'AttachVolumes',
    nodeId: `cln-${label}`,
    label,
    directive: { volumes: [] },
    resources: [
      { kind: 'volume-0', intent: 'use' },
      { kind: 'volume-1', intent: 'use' },
    ],
    failureAllowed,
    timeoutSeconds: 600,
  });
}

function start(label: string, command: string): PlannedTask {
  return planTask({
    action: 'StartService',
    nodeId: `cln-${label}`,
    label,
    directive: { service: 'start', command, commandTimeoutSeconds: 60, idempotent: true },
    resources: [{ kind: 'instance', intent: 'use' }],
    failureAllowed: false,
    timeoutSeconds: 90,
  });
}

const lane = (label: string, cpu?: number): Lane => ({
  label,
  layers: [
    { title: 'RunInstances', tasks: [run(label, cpu), attach('other 9')] },
    { title: 'AttachVolumes', tasks: [attach(label)] },
  ],
});

const RUN = 'container (image img-1, type kvm), cpu 1, hostname <node>, memoryMiB 1024, subnetId subnet-1';

describe('a plan as it is shown', () => {
  it('has a line for each task: action, node, resources, what is not empty of its directive', () => {
    const plan = createPlan([
      createLayer('RunInstances', [run('zk 1'), run('log 1', 2)]),
      createLayer('AttachVolumes', [attach('zk 1', true)], 'always'),
    ]);
    expect(renderPlan(plan)).toBe(
      [
        '1. RunInstances',
        `   RunInstances | zk 1 | make instance | ${RUN}`,
        `   RunInstances | log 1 | make instance | ${RUN.replace('cpu 1', 'cpu 2')}`,
        '2. AttachVolumes, also after a failure',
        '   AttachVolumes | zk 1 | use volume-0 volume-1 | may fail',
      ].join('\n'),
    );
  });

  it('names in one line the tasks of a layer that differ in their node alone', () => {
    const labels = ['log 1', 'zk 1', 'zk 2', 'zk 3', 'zk 7', 'web-007'];
    const [, line] = renderPlan([
      createLayer(
        'RunInstances',
        labels.map((label) => run(label)),
      ),
    ]).split('\n');
    expect(line).toBe(`   RunInstances | log 1, zk 1-3, zk 7, web-007 | make instance | ${RUN}`);
  });

  it('folds lanes that differ in their nodes alone, and begins each layer of a lane with a dash', () => {
    const lanes = [lane('zk 1'), lane('zk 2'), lane('zk 3', 2)];
    const [heading, ...lines] = renderPlan([createLanes('make nodes', lanes, { atOnce: 2 })]).split('\n');
    expect(heading).toBe('1. make nodes: 3 lanes, 2 at a time');
    expect(lines.map((line) => line.split(' | ').slice(0, 2).join(' | '))).toEqual([
      '   zk 1-2',
      '   - RunInstances | zk 1-2',
      '     AttachVolumes | other 9, other 9',
      '   - AttachVolumes | zk 1-2',
      '   zk 3',
      '   - RunInstances | zk 3',
      '     AttachVolumes | other 9',
      '   - AttachVolumes | zk 3',
    ]);
  });

  it('keeps every task on one line, whatever a command holds, and cuts long ones', () => {
    const [, line = ''] = renderPlan([
      createLayer('StartService', [start('zk 1', `a | b\n"c" ${'x'.repeat(500)}`)]),
    ]).split('\n');
    expect(line).toContain('command "a | b\\n\\"c\\" xxx');
    expect(line).toContain('idempotent, service start');
    expect(line.length).toBeLessThan(300);
  });

  it('is of as many lines for a thousand lanes as for one', () => {
    const of = (count: number): string =>
      renderPlan([
        createLanes(
          'make nodes',
          Array.from({ length: count }, (_, index) => lane(`zk ${index + 1}`)),
        ),
      ]);
    expect(of(1000).split('\n')).toHaveLength(of(1).split('\n').length);
  });

  it('is the same for a plan that was stored, whose members come in another order', () => {
    const turn = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turn);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, turn(part)]),
      );
    };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }), (sizes) => {
        const plan = [
          createLanes(
            'make',
            sizes.map((cpu, index) => lane(`zk ${index}`, cpu)),
          ),
        ];
        expect(renderPlan(turn(plan) as typeof plan)).toBe(renderPlan(plan));
      }),
    );
  });
});
