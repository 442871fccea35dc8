import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobPlan, ResourceClaim } from '../../../src/domain/index.ts';
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

  it('no layer is empty, and no node works twice in one', () => {
    fc.assert(
      fc.property(
        arbitraryCluster,
        fc.constantFrom('create', 'stop', 'start', 'delete' as const),
        (wrapper, action) => {
          const made = plan(action, wrapper);
          for (const layer of listLayers(made)) {
            expect(layer.tasks.length).toBeGreaterThan(0);
            expect(new Set(layer.tasks.map((task) => task.nodeId)).size).toBe(layer.tasks.length);
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
