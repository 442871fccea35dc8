import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { openStores } from '../../src/db/index.ts';
import { openLocalCloud } from '../../src/providers/local/index.ts';
import type { Action } from './local-scenario.ts';

/** What exists in the local cloud, without the names that differ between runs. */
export interface CloudSnapshot {
  /** Generation, state and number of processes of each instance. */
  readonly instances: readonly string[];
  /** Kind, generation and device of each volume. */
  readonly volumes: readonly string[];
  /** Processes of instances that do not exist. */
  readonly strayProcesses: number;
  readonly addresses: number;
}

const SETTLE_MS = 30_000;

/** Counts what exists in the local cloud: our database is not read. */
export async function snapshotCloud(folder: string): Promise<CloudSnapshot> {
  const cloud = openLocalCloud(folder);
  const [instances, volumes, processes, addresses] = await Promise.all([
    cloud.listInstances(),
    cloud.listVolumes(),
    cloud.listProcesses(),
    cloud.countAddresses(),
  ]);
  const count = (instanceId: string): number =>
    processes.filter((process) => process.instanceId === instanceId).length;
  return {
    instances: instances
      .map(({ id, token, state }) => `${withoutOwner(token)} ${state}, ${count(id)} processes`)
      .sort(),
    volumes: volumes
      .map(({ token, attachment }) => `${withoutOwner(token)} ${attachment?.device ?? 'available'}`)
      .sort(),
    strayProcesses: processes.filter(({ instanceId }) => !instances.some(({ id }) => id === instanceId))
      .length,
    addresses,
  };
}

export const EMPTY_CLOUD: CloudSnapshot = { instances: [], volumes: [], strayProcesses: 0, addresses: 0 };

/** The cloud of one running cluster of the package `tiny`: machine and daemon on every node. */
export function runningCloud(nodes: number): CloudSnapshot {
  return {
    instances: Array.from({ length: nodes }, () => 'instance/g1 running, 2 processes'),
    volumes: Array.from({ length: nodes }, () => 'volume-0/g1 /dev/vdb'),
    strayProcesses: 0,
    addresses: nodes,
  };
}

export function stoppedCloud(nodes: number): CloudSnapshot {
  return {
    instances: Array.from({ length: nodes }, () => 'instance/g1 stopped, 0 processes'),
    volumes: Array.from({ length: nodes }, () => 'volume-0/g1 available'),
    strayProcesses: 0,
    addresses: nodes,
  };
}

/** What there must be when an action of a cluster of `tiny` has ended. */
export function cloudAfter(action: Action, nodes: number): CloudSnapshot {
  if (action === 'delete') return EMPTY_CLOUD;
  return action === 'stop' ? stoppedCloud(nodes) : runningCloud(nodes);
}

/**
 * Polls until the cloud is as expected, for at most half a minute: the last helper processes of a service
 * end a moment after it. Returns the last state.
 */
export async function waitForSnapshot(folder: string, expected: CloudSnapshot): Promise<CloudSnapshot> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const seen = await snapshotCloud(folder);
    if (isDeepStrictEqual(seen, expected) || Date.now() > deadline) return seen;
    await sleep(100);
  }
}

/** The tokens of everything that exists of a cluster. */
export async function listTokens(folder: string, clusterId: string): Promise<readonly string[]> {
  const cloud = openLocalCloud(folder);
  return [...(await cloud.listInstances()), ...(await cloud.listVolumes())]
    .map(({ token }) => token)
    .filter((token) => token.startsWith(`${clusterId}/`));
}

/** The differences between ledger and cloud; empty when they match. */
export async function auditLedger(
  databaseUrl: string,
  folder: string,
  clusterId: string,
): Promise<readonly string[]> {
  return compareLedger(databaseUrl, await listTokens(folder, clusterId), clusterId);
}

/** The same for any cloud: `existing` are the tokens of the cluster's existing resources. */
export async function compareLedger(
  databaseUrl: string,
  existing: readonly string[],
  clusterId: string,
): Promise<readonly string[]> {
  const stores = openStores({ databaseUrl, maxConnections: 1 });
  try {
    const rows = await stores.ledger.list(clusterId, { live: true });
    const tokens = new Set(existing);
    const known = new Set(rows.map(({ token }) => token));
    return [
      ...rows
        .filter(({ token }) => !tokens.has(token))
        .map(({ token }) => `the ledger has ${token}, the cloud does not`),
      ...rows.filter(({ state }) => state !== 'made').map(({ token, state }) => `${token} is ${state}`),
      ...[...tokens]
        .filter((token) => !known.has(token))
        .map((token) => `the cloud has ${token}, the ledger does not`),
    ];
  } finally {
    await stores.close();
  }
}

/** The records of the nodes' services, kept longer than the volumes that hold them. */
export interface ServiceRecords {
  /** To be called while the volumes exist. */
  keep(): Promise<void>;
  /** For each node: the services that ran, in order. */
  read(): readonly string[];
  /** For the next cluster. */
  forget(): void;
}

/** Keeps `/data/record` of every node by hard links, which survive the deletion of a volume. */
export function openServiceRecords(folder: string, keptFolder: string): ServiceRecords {
  mkdirSync(keptFolder, { recursive: true });
  return {
    async keep() {
      for (const { id } of await openLocalCloud(folder).listVolumes()) {
        const record = join(folder, 'volumes', id, 'data', 'record');
        const kept = join(keptFolder, id);
        if (existsSync(record) && !existsSync(kept)) linkSync(record, kept);
      }
    },
    read: () =>
      readdirSync(keptFolder)
        .map((name) => readFileSync(join(keptFolder, name), 'utf8').trim().split('\n').join(' '))
        .sort(),
    forget() {
      for (const name of readdirSync(keptFolder)) rmSync(join(keptFolder, name));
    },
  };
}

/** `<cluster>/<node>/<kind>/g<generation>` without cluster and node. */
function withoutOwner(token: string): string {
  return token.split('/').slice(2).join('/');
}
