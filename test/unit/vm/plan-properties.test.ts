import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobPlan, PlannedTask, ResourceClaim } from '../../../src/domain/index.ts';
import { listLayers, listTasks } from '../../../src/plan/index.ts';
import { cluster, node, role, service, volume } from './clusters.ts';
import { plan } from './planning.ts';

describe('properties of every plan', () => {
  const arbitraryCluster = fc
    .record({
      roles: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom('', 'a', 'b', 'web'),
          count: fc.integer({ min: 0, max: 5 }),
          volumes: fc.integer({ min: 0, max: 3 }),
          order: fc.integer({ min: -2, max: 3 }),
          limit: fc.option(fc.integer({ min: 1, max: 3 })),
          post: fc.boolean(),
        }),
        { selector: (each) => each.name, minLength: 1 },
      ),
      status: fc.constantFrom('pending', 'active', 'stopped', 'failed' as const),
    })
    .map(({ roles, status }) =>
      cluster(status, {
        roles: roles.map(({ name, volumes, order, limit, post }) =>
          role(name, {
            volumes: Array.from({ length: volumes }, (_, index) => volume(index, `/data${index}`)),
            services: ['init', 'start', 'stop', 'destroy'].map((each) =>
              service(each, {
                order,
                nodesToExecuteOn: limit,
                postStartService: post,
                postStopService: post,
              }),
            ),
          }),
        ),
        nodes: roles.flatMap(({ name, count }) =>
          Array.from({ length: count }, (_, index) => node(name, index + 1)),
        ),
      }),
    );

  it('no layer is empty, and none has the same work for a node twice', () => {
    fc.assert(
      fc.property(
        arbitraryCluster,
        fc.constantFrom('create', 'stop', 'start', 'delete' as const),
        (wrapper, action) => {
          const made = plan(action, wrapper);
          for (const layer of listLayers(made)) {
            expect(layer.tasks.length).toBeGreaterThan(0);
            const works = layer.tasks.map(({ action, nodeId }) => `${action} ${nodeId}`);
            expect(new Set(works).size).toBe(works.length);
          }
        },
      ),
    );
  });

  it('tasks that may run at the same time never need the same resource', () => {
    const rowsOf = (tasks: readonly PlannedTask[]): readonly string[] =>
      tasks.flatMap(({ nodeId, resources }) => resources.map(({ kind }) => `${nodeId}/${kind}`));
    const isDistinct = (rows: readonly string[]): boolean => new Set(rows).size === rows.length;
    fc.assert(
      fc.property(
        arbitraryCluster,
        fc.constantFrom('create', 'stop', 'start', 'delete' as const),
        (wrapper, action) => {
          for (const step of plan(action, wrapper)) {
            if (step.kind === 'layer') {
              expect(isDistinct(rowsOf(step.tasks))).toBe(true);
              continue;
            }
            for (const { layers } of step.lanes)
              expect(layers.every(({ tasks }) => isDistinct(rowsOf(tasks)))).toBe(true);
            // A lane waits for no other, so no two may have a row in common.
            const ofLanes = step.lanes.map(({ layers }) => [
              ...new Set(layers.flatMap(({ tasks }) => rowsOf(tasks))),
            ]);
            expect(isDistinct(ofLanes.flat())).toBe(true);
          }
        },
      ),
    );
  });

  it('delete takes back exactly what create makes', () => {
    fc.assert(
      fc.property(arbitraryCluster, (wrapper) => {
        const rows = (planned: JobPlan, wanted: ResourceClaim['intent']): readonly string[] =>
          listTasks(planned)
            .flatMap((task) => task.resources.map((claim) => ({ ...claim, nodeId: task.nodeId })))
            .filter(({ intent }) => intent === wanted)
            .map(({ nodeId, kind }) => `${nodeId}/${kind}`)
            .sort();
        expect(rows(plan('delete', wrapper), 'remove')).toEqual(rows(plan('create', wrapper), 'make'));
      }),
    );
  });
});
