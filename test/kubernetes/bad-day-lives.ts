import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import { CLOUD_LIVES } from '../../src/conformance/cloud-life.ts';
import type { EngineTask } from '../../src/conformance/engine.ts';
import {
  startFaultProxy,
  type ConformanceHarness,
  type Fault,
  type FaultProxy,
} from '../../src/conformance/index.ts';
import type { TaskAction } from '../../src/domain/index.ts';
import { createKubernetesHarness } from '../conformance/kubernetes-harness.ts';
import type { ControlPlane } from '../kit/kubernetes/index.ts';
import { answerFailed, answerThrottled, type BadDay, chooseBadDays, nameRequest } from './bad-days.ts';
import { NOTHING, snapshotNamespace } from './snapshot-release.ts';

const WAIT_LIMIT_MS = 60_000;
const SETTLE_MS = 30_000;
const DELAY_MS = 400;
/** Of the one Deployment, when it is scaled. */
const SCALED = 3;

/** What happens to a release, in this order. Scaling is an upgrade with another count. */
const ACTIONS = {
  create: 'InstallRelease',
  upgrade: 'UpgradeRelease',
  scale: 'UpgradeRelease',
  rollback: 'RollbackRelease',
  stop: 'StopWorkloads',
  start: 'StartWorkloads',
  restart: 'RestartWorkloads',
  delete: 'UninstallRelease',
} as const satisfies Readonly<Record<string, TaskAction>>;

export type Step = keyof typeof ACTIONS;
export const STEPS = Object.keys(ACTIONS) as readonly Step[];

/** What came of many lives. */
export interface BadDays {
  readonly lives: number;
  readonly planned: number;
  readonly struck: readonly Fault[];
  readonly problems: readonly string[];
}

/** A namespace and the only way to it that the provider and its helm know. */
interface Lane {
  readonly plane: ControlPlane;
  readonly harness: ConformanceHarness;
  readonly proxy: FaultProxy;
  readonly namespace: string;
}

export interface BadDaysRequest {
  readonly plane: ControlPlane;
  /** PEM; the proxy's own. */
  readonly certificate: { readonly key: string; readonly cert: string };
  readonly steps: readonly Step[];
  readonly seed: string;
  /** How many lives meet each fault. */
  readonly lives: number;
  /** How many releases live at once. */
  readonly lanes: number;
  readonly report?: (line: string) => void;
}

/** Lives of releases in each step of which one request to the API server fails in some way. */
export async function liveBadDays(request: BadDaysRequest): Promise<BadDays> {
  const { steps, seed, lives, report = () => {} } = request;
  const lanes = await Promise.all(Array.from({ length: request.lanes }, () => openLane(request)));
  try {
    const [first] = lanes;
    assert.ok(first, 'no lane');
    const days = chooseBadDays(await listRequests(first, steps), seed, lives);
    const waiting = [...days];
    const struck: Fault[] = [];
    const problems: string[] = [];
    await Promise.all(
      lanes.map(async (lane) => {
        for (let day = waiting.shift(); day !== undefined; day = waiting.shift()) {
          const life = await live(lane, steps, day);
          struck.push(...life.struck);
          problems.push(...life.problems);
          const faults = [...new Set([...day.values()].map(({ fault }) => fault))].join(', ');
          report(`${faults}: ${life.struck.length} of ${day.size} struck, ${life.problems.length} problems`);
          for (const problem of life.problems) report(`  ${problem}`);
        }
      }),
    );
    const planned = days.reduce((sum, day) => sum + day.size, 0);
    return { lives: days.length, planned, struck, problems };
  } finally {
    await Promise.all(lanes.map(({ proxy }) => proxy.close()));
  }
}

async function openLane({ plane, certificate }: BadDaysRequest): Promise<Lane> {
  const proxy = await startFaultProxy({
    upstream: { url: plane.url, ca: plane.ca },
    tls: certificate,
    classify: nameRequest,
    throttledAnswer: answerThrottled,
    failedAnswer: answerFailed,
  });
  const document = plane.kubeconfig({ url: proxy.url, ca: certificate.cert });
  const harness = await createKubernetesHarness(plane, (made) => ({ ...made, credential: { document } }));
  return { plane, harness, proxy, namespace: harness.runtime.zone };
}

function open({ harness }: Lane): Promise<Bench> {
  return openBench({ harness, waitLimitMs: WAIT_LIMIT_MS, life: CLOUD_LIVES.releases });
}

function taskOf(bench: Bench, step: Step): EngineTask {
  const made = bench.task(ACTIONS[step]);
  if (step !== 'scale') return made;
  const { task } = made;
  if (task.action !== 'UpgradeRelease') throw new Error(`a release is scaled by ${task.action}`);
  const overrides = [{ kind: 'Deployment', name: `${task.directive.release}-web`, replicas: SCALED }];
  return { ...made, task: { ...task, directive: { ...task.directive, overrides, hooks: false } } };
}

/** Which requests each step makes, and how often, when nothing goes wrong. */
async function listRequests(
  lane: Lane,
  steps: readonly Step[],
): Promise<ReadonlyMap<Step, ReadonlyMap<string, number>>> {
  const requests = new Map<Step, ReadonlyMap<string, number>>();
  const bench = await open(lane);
  for (const step of steps) {
    lane.proxy.clearLog();
    await bench.engine.run(taskOf(bench, step));
    const counts = new Map<string, number>();
    for (const { operation } of lane.proxy.log()) counts.set(operation, (counts.get(operation) ?? 0) + 1);
    requests.set(step, counts);
    await assertStands(bench, lane, step);
  }
  return requests;
}

/** A whole life in which each step meets its fault once. */
async function live(
  lane: Lane,
  steps: readonly Step[],
  day: BadDay,
): Promise<Pick<BadDays, 'struck' | 'problems'>> {
  const struck: Fault[] = [];
  const problems: string[] = [];
  const bench = await open(lane);
  let at = '';
  try {
    for (const step of steps) {
      const strike = day.get(step);
      at = `${step}, ${strike?.fault} of ${strike?.operation} ${strike?.nth}`;
      const rule = strike === undefined ? null : lane.proxy.addRule({ ...strike, delayMs: DELAY_MS });
      try {
        await bench.engine.run(taskOf(bench, step));
      } finally {
        rule?.remove();
        if (rule !== null && rule.fired() > 0) struck.push(rule.rule.fault);
      }
      await assertStands(bench, lane, step);
    }
  } catch (error) {
    problems.push(`${at}: ${String(error)}`);
    await bench.deleteAll().catch((left: unknown) => problems.push(`${at}: ${String(left)}`));
  }
  return { struck, problems };
}

/** What the API server itself has after a step. */
async function assertStands(bench: Bench, lane: Lane, step: Step): Promise<void> {
  if (step === 'delete') {
    await bench.engine.run(bench.task('PurgeRelease'));
    await assertNothing(lane);
    return;
  }
  const operation = CLOUD_LIVES.releases.operations.find(({ action }) => action === ACTIONS[step]);
  assert.ok(operation, `no operation is named ${ACTIONS[step]}`);
  await bench.assertHolds(operation);
  if (step === 'scale') await assertScaled(lane);
  // Helm gives an attempt that it has itself recorded as failed a new number; the previous good one is
  // superseded.
  const records = (await listRecords(lane)).filter((record) => !record.endsWith('failed'));
  const newest = records.pop() ?? 'none';
  assert.match(newest, /^\d+ deployed$/, `the newest record after ${step}`);
  for (const record of records) assert.match(record, /^\d+ superseded$/, `${record} after ${step}`);
  if (step === 'create') assert.equal(newest, '1 deployed', 'the record after create');
}

async function assertScaled({ plane, namespace }: Lane): Promise<void> {
  const deployments = await plane.api.list(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  assert.deepEqual(
    deployments.map(({ spec }) => spec?.['replicas']),
    [SCALED],
    'how many pods are asked for after scale',
  );
}

/** `<revision> <status>` of all of helm's records, oldest first. */
async function listRecords({ plane, namespace }: Lane): Promise<string[]> {
  const records = await plane.api.list(`/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`);
  return records
    .map(({ metadata }) => `${metadata.labels?.['version']} ${metadata.labels?.['status']}`)
    .sort((left, right) => parseInt(left, 10) - parseInt(right, 10));
}

async function assertNothing(lane: Lane): Promise<void> {
  assert.deepEqual(await listRecords(lane), [], 'helm’s records after delete');
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const left = await snapshotNamespace(lane.plane.api, lane.namespace);
    if (isDeepStrictEqual(left, NOTHING)) return;
    if (Date.now() > deadline) assert.deepEqual(left, NOTHING, 'left after delete');
    await sleep(100);
  }
}
