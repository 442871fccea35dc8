import assert from 'node:assert/strict';
import { NOTHING_RESERVED } from '../domain/index.ts';
import type { Call, ClusterStatusRequest } from '../provider/index.ts';
import type { Bench } from './bench.ts';
import type { ConformanceHarness } from './options.ts';

/** One of the functions that only read. */
export interface Read {
  readonly name: string;
  /** The harness's credential by default. */
  call(bench: Bench, call: Call, credential?: ConformanceHarness['credential']): Promise<unknown>;
  assertAnswer(answer: unknown, bench: Bench): void;
}

/** The seven functions that only read. */
export const READS: readonly Read[] = [
  {
    name: 'describeSubnets',
    call: ({ provider, harness }, call, credential = harness.credential) =>
      provider.describeSubnets({ runtime: harness.runtime, credential }, call),
    assertAnswer(answer) {
      assert.ok(Array.isArray(answer) && answer.length > 0, 'no subnet to place a cluster in');
    },
  },
  {
    name: 'describeVpc',
    call: ({ provider, harness }, call, credential = harness.credential) =>
      provider.describeVpc({ runtime: harness.runtime, credential, vpcId: harness.vpcId }, call),
    assertAnswer(answer, { harness }) {
      assert.equal(readField(answer, 'vpcId'), harness.vpcId);
    },
  },
  {
    name: 'checkResource',
    call: ({ provider, harness, engine }, call, credential = harness.credential) =>
      provider.checkResource(
        {
          runtime: harness.runtime,
          credential,
          action: 'create',
          cluster: engine.cluster(),
          reserved: NOTHING_RESERVED,
          loadPackage: async () => harness.content,
        },
        call,
      ),
    assertAnswer(answer) {
      assert.equal(answer, undefined);
    },
  },
  {
    name: 'validateCredential',
    call: ({ provider, harness: { runtime, ...harness } }, call, credential = harness.credential) =>
      provider.validateCredential(
        { url: runtime.url, zone: runtime.zone, settings: runtime.settings, credential },
        call,
      ),
    assertAnswer(answer) {
      assert.match(String(readField(answer, 'account')), /^[a-z0-9-]+$/, 'account is part of queue names');
      assert.match(String(readField(answer, 'region')), /^[a-z0-9-]+$/, 'region is part of queue names');
    },
  },
  {
    name: 'describeRuntimeProviderZones',
    call: ({ provider, harness: { runtime, ...harness } }, call, credential = harness.credential) =>
      provider.describeRuntimeProviderZones(
        { url: runtime.url, settings: runtime.settings, credential },
        call,
      ),
    assertAnswer(answer, { harness }) {
      assert.ok(Array.isArray(answer));
      assert.ok(
        answer.includes(harness.runtime.zone),
        `zone ${harness.runtime.zone} is not among ${answer.join(', ')}`,
      );
      assert.deepEqual(answer, [...answer].sort(), 'zones are sorted');
    },
  },
  {
    name: 'updateClusterStatus',
    call: (bench, call, credential) =>
      bench.provider.updateClusterStatus(toStatusRequest(bench, credential), call),
    assertAnswer: assertAllNodes,
  },
  {
    name: 'describeClusterDetails',
    call: (bench, call, credential) =>
      bench.provider.describeClusterDetails(toStatusRequest(bench, credential), call),
    assertAnswer: assertAllNodes,
  },
];

/** The request of updateClusterStatus and describeClusterDetails for the bench's cluster as it is. */
export function toStatusRequest(
  { harness, engine }: Bench,
  credential: ConformanceHarness['credential'] = harness.credential,
): ClusterStatusRequest {
  return {
    runtime: harness.runtime,
    credential,
    cluster: engine.cluster(),
    resources: engine.ledger.listLive(),
  };
}

function assertAllNodes(answer: unknown, { engine }: Bench): void {
  const nodes = readField(answer, 'nodes');
  assert.ok(Array.isArray(nodes));
  const asked = engine.cluster().nodes.map((node) => node.nodeId);
  assert.deepEqual(nodes.map((node: unknown) => readField(node, 'nodeId')).sort(), asked.sort());
}

function readField(value: unknown, field: string): unknown {
  assert.ok(typeof value === 'object' && value !== null, `an object with ${field} is expected`);
  return (value as Readonly<Record<string, unknown>>)[field];
}
