import assert from 'node:assert/strict';
import { resourceToken, type PlannedTask } from '../domain/index.ts';
import type { CloudResource } from './options.ts';

/** What tasks claim, as a plan says it. */
type Claimant = Pick<PlannedTask, 'nodeId' | 'resources'>;

/**
 * No write outside the plan: of the things of a cluster, those were made or deleted that the tasks claim
 * to make or to remove; those have another size or version that they claim to change besides; and those
 * have another state, place or address that they claim at all. The others are as they were.
 */
export function assertWithinPlan(
  clusterId: string,
  before: readonly CloudResource[],
  after: readonly CloudResource[],
  tasks: readonly Claimant[],
): void {
  const intents = listIntents(clusterId, tasks);
  const ids = new Set([...before, ...after].map(({ id }) => id));
  const faults = [...ids].flatMap((id) => {
    const old = before.find((thing) => thing.id === id);
    const now = after.find((thing) => thing.id === id);
    const thing = now ?? old;
    if (thing === undefined) return [];
    const { what, needs } = compare(old, now);
    const claimed = intents.get(toRow(thing.token)) ?? new Set();
    if (needs.length === 0 || needs.some((intent) => claimed.has(intent))) return [];
    const said = claimed.size === 0 ? 'does not name it' : `says ${[...claimed].join(', ')}`;
    return [`${thing.kind} ${id} of ${thing.token} ${what}, and the plan ${said}`];
  });
  assert.deepEqual(faults, [], 'written outside the plan');
}

type Intent = Claimant['resources'][number]['intent'];

const WRITES: readonly Intent[] = ['make', 'change', 'remove'];

/** What happened to a thing, and one of which intents that needs; none where nothing did. */
function compare(
  old: CloudResource | undefined,
  now: CloudResource | undefined,
): { readonly what: string; readonly needs: readonly Intent[] } {
  if (now === undefined) return { what: 'was deleted', needs: ['make', 'remove'] };
  if (old === undefined) return { what: 'was made', needs: ['make'] };
  const { cpu, memoryMiB, sizeGiB, version } = now;
  if (old.cpu !== cpu || old.memoryMiB !== memoryMiB || old.sizeGiB !== sizeGiB || old.version !== version)
    return { what: 'has another size or version', needs: WRITES };
  const isSame = JSON.stringify(old) === JSON.stringify(now);
  return isSame ? { what: '', needs: [] } : { what: `is ${now.state}`, needs: [...WRITES, 'use'] };
}

/** By row of the ledger, whatever its generation. */
function listIntents(
  clusterId: string,
  tasks: readonly Claimant[],
): ReadonlyMap<string, ReadonlySet<Intent>> {
  const intents = new Map<string, Set<Intent>>();
  for (const { nodeId, resources } of tasks) {
    for (const { kind, intent } of resources) {
      const row = toRow(resourceToken(clusterId, nodeId ?? '', kind, 1));
      intents.set(row, (intents.get(row) ?? new Set()).add(intent));
    }
  }
  return intents;
}

function toRow(token: string): string {
  return token.replace(/\/g\d+$/, '');
}
