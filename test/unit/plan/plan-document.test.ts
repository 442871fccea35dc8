import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterWrapper, JobPlan } from '../../../src/domain/index.ts';
import {
  createLayer,
  createPlanBasis,
  createPlanDocument,
  renderPlan,
  type PlanDocument,
} from '../../../src/plan/index.ts';
import { manyRoles, RUNTIME } from '../vm/clusters.ts';
import { plan } from '../vm/planning.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const WRAPPER = manyRoles('pending', 'pending');
const STEPS = plan('create', WRAPPER);
const VERSION = { versionId: 'appv-1', digest: 'd1' };
type Given = Omit<Parameters<typeof createPlanBasis>[0], 'version'> & {
  readonly version: typeof VERSION;
  readonly steps: JobPlan;
};
const GIVEN: Given = { cluster: WRAPPER, runtime: RUNTIME, version: VERSION, steps: STEPS };

function documentOf(change: Partial<Given> = {}): PlanDocument {
  const { steps, ...given } = { ...GIVEN, ...change };
  return createPlanDocument(steps, createPlanBasis(given, digest), digest);
}

const withCluster = (change: Partial<ClusterWrapper['cluster']>): Partial<Given> => ({
  cluster: { ...WRAPPER, cluster: { ...WRAPPER.cluster, ...change } },
});

/** The same value, with the members of all its objects in another order. */
function turnKeys<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => turnKeys(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, member]) => [name, turnKeys(member)])) as T;
}

describe('the document of a plan', () => {
  it('has the same hash for the same input, in whatever order roles, nodes and members come', () => {
    const { hash } = documentOf();
    const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
      fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
    fc.assert(
      fc.property(shuffled(WRAPPER.roles), shuffled(WRAPPER.nodes), fc.boolean(), (roles, nodes, turn) => {
        const cluster = { ...WRAPPER, roles, nodes };
        const given = { cluster: turn ? turnKeys(cluster) : cluster, steps: turn ? turnKeys(STEPS) : STEPS };
        expect(documentOf(given).hash).toBe(hash);
      }),
      { numRuns: 20 },
    );
  });

  it('is the same while a cluster only runs: addresses, health and open jobs are no part of it', () => {
    const { hash } = documentOf();
    const nodes = WRAPPER.nodes.map((node) => ({
      ...node,
      status: 'active' as const,
      instanceId: 'i-1',
      privateIp: '10.0.0.9',
      customToken: 'token',
    }));
    expect(documentOf({ cluster: { ...WRAPPER, nodes } }).hash).toBe(hash);
    expect(documentOf(withCluster({ status: 'failed', transitionStatus: 'creating' })).hash).toBe(hash);
    expect(
      documentOf({ runtime: { ...RUNTIME, name: 'renamed', createdAt: '2027-01-01T00:00:00Z' } }).hash,
    ).toBe(hash);
  });

  it.each<[string, Partial<Given>, keyof PlanDocument['basis'] | 'steps']>([
    ['the conf', withCluster({ conf: { cluster: { name: 'other' } } }), 'confDigest'],
    ['a value of the environment', withCluster({ env: { port: 1 } }), 'clusterRevision'],
    ['an adjustment', withCluster({ adjustments: [{ role: 'master', count: 9 }] }), 'clusterRevision'],
    [
      'the size of a role',
      { cluster: { ...WRAPPER, roles: WRAPPER.roles.map((role) => ({ ...role, cpu: 64 })) } },
      'clusterRevision',
    ],
    ['the nodes', { cluster: { ...WRAPPER, nodes: WRAPPER.nodes.slice(1) } }, 'clusterRevision'],
    ['what it was before', { before: WRAPPER }, 'clusterRevision'],
    ['the version', { version: { ...VERSION, versionId: 'appv-2' } }, 'versionId'],
    ['a file of the package', { version: { ...VERSION, digest: 'd2' } }, 'packageDigest'],
    ['a setting of the runtime', { runtime: { ...RUNTIME, settings: { image: 'x' } } }, 'runtimeDigest'],
    ['the address of the cloud', { runtime: { ...RUNTIME, url: 'https://other' } }, 'runtimeDigest'],
    ['a step', { steps: [...STEPS, createLayer('again', [])] }, 'steps'],
  ])('has another hash where %s is another, and says where', (_, change, where) => {
    const before = documentOf();
    const after = documentOf(change);
    expect(after.hash).not.toBe(before.hash);
    const differing = Object.keys(before.basis).filter(
      (name) =>
        after.basis[name as keyof typeof after.basis] !== before.basis[name as keyof typeof before.basis],
    );
    expect(differing).toEqual(where === 'steps' ? [] : [where]);
  });

  it('has another hash for any change of its basis', () => {
    const { basis } = documentOf();
    const names = Object.keys(basis) as (keyof typeof basis)[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string(), (name, text) => {
        fc.pre(basis[name] !== text);
        const other = createPlanDocument(STEPS, { ...basis, [name]: text }, digest);
        expect(other.hash).not.toBe(documentOf().hash);
      }),
      { numRuns: 50 },
    );
  });

  it('is shown as its steps, and its hash at the end', () => {
    const document = documentOf();
    expect(renderPlan(document)).toBe(`${renderPlan(STEPS)}\nplan ${document.hash}`);
  });
});
