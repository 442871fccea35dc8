import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../domain/index.ts';
import type { ClusterView } from '../protocol/index.ts';
import { createKeyValueClient, type KeyValueClient } from './antietcd.ts';
import { type ExampleContext, type ReadyExample, runJob } from './example-cluster.ts';

/** What was done to the running example, and seen. */
export interface ExampleProof {
  /** Each node's `address:port`. */
  readonly endpoints: readonly string[];
  readonly writtenThrough: string;
  readonly readThrough: string;
  /** The node asked after the cluster was stopped and started. */
  readonly readAgainThrough: string;
  readonly value: string;
  /** What an earlier run had written; null where this cluster is new. */
  readonly earlierValue: string | null;
  /** The stop and start of the cluster. */
  readonly jobIds: readonly string[];
}

const KEY = 'windlass/first-light';
/** The program writes to disk twice a second: a value that was confirmed this long ago survives a stop. */
const PERSIST_MS = 1_500;

/**
 * Proves that the example is one cluster which keeps its data: writes through one node, reads through
 * another, stops and starts the cluster, reads again. If an earlier run has written a value, it must still
 * be there.
 * @throws internal `EXAMPLE_WRONG` when a value is not the expected one
 */
export async function proveExample(
  context: ExampleContext,
  example: ReadyExample,
  signal: AbortSignal,
): Promise<ExampleProof> {
  const { client, report } = context;
  const { clusterId } = example;
  const keyValue = createKeyValueClient(signal);
  const [first, second, third] = findNodeAddresses(await client.clusters.describe(clusterId));
  const earlierValue = example.isNew ? null : await readEarlier(keyValue, first, report);

  const value = `written ${new Date().toISOString()}`;
  await keyValue.put(first, KEY, value);
  requireValue(second, await keyValue.read(second, KEY), value);
  report(`wrote ${KEY} = "${value}" through ${first}; read it through ${second}`);

  await sleep(PERSIST_MS, undefined, { signal });
  const stop = await runJob(context, await client.clusters.stop(clusterId));
  const start = await runJob(context, await client.clusters.start(clusterId));
  const again = findNodeAddresses(await client.clusters.describe(clusterId));
  const last = again[2] ?? third;
  requireValue(last, await keyValue.read(last, KEY), value);
  report(`stopped and started the cluster; ${last} still answers "${value}"`);
  return {
    endpoints: again,
    writtenThrough: first,
    readThrough: second,
    readAgainThrough: last,
    value,
    earlierValue,
    jobIds: [stop.jobId, start.jobId],
  };
}

async function readEarlier(
  keyValue: KeyValueClient,
  address: string,
  report: (line: string) => void,
): Promise<string | null> {
  const earlier = await keyValue.read(address, KEY);
  if (earlier !== null) report(`an earlier run had left ${KEY} = "${earlier}"; it is still there`);
  return earlier;
}

function requireValue(address: string, found: string | null, expected: string): void {
  if (found === expected) return;
  throw new WindlassError(
    'internal',
    `${address} returns ${JSON.stringify(found)}, but ${JSON.stringify(expected)} was written`,
    {
      code: 'EXAMPLE_WRONG',
      hint: 'see the logs of the nodes',
    },
  );
}

/** `address:port` of the client endpoint, node by node. */
function findNodeAddresses(cluster: ClusterView): readonly [string, string, string] {
  const endpoint = cluster.endpoints.find((candidate) => candidate.addresses.length > 0);
  const [first, second, third] = endpoint?.addresses ?? [];
  if (first === undefined || second === undefined || third === undefined) {
    throw new WindlassError('internal', `the cluster ${cluster.clusterId} does not list three addresses`, {
      code: 'EXAMPLE_WRONG',
      hint: 'windlass cluster describe shows its endpoints and nodes',
    });
  }
  return [first, second, third];
}
