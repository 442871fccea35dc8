import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import { CLOUD_LIVES } from '../../src/conformance/cloud-life.ts';
import {
  startFaultProxy,
  type ConformanceHarness,
  type Fault,
  type FaultProxy,
} from '../../src/conformance/index.ts';
import { createTranscript } from '../../src/conformance/transcript.ts';
import type { TaskAction } from '../../src/domain/index.ts';
import { createKubernetesHarness } from '../conformance/kubernetes-harness.ts';
import { makeCertificate, type TestCertificate } from '../kit/chart-servers.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { answerFailed, nameRequest, answerThrottled, type BadDay, chooseBadDays } from './bad-days.ts';
import { NOTHING, surveyNamespace } from './survey-release.ts';

const LIMIT_MS = 240_000;
const SETTLE_MS = 20_000;
const DELAY_MS = 400;
const LANES = 3;

const LIFE = ['InstallRelease', 'UpgradeRelease', 'UninstallRelease'] as const satisfies TaskAction[];

/** A namespace and the only way to it that the provider and its helm know. */
interface Lane {
  readonly harness: ConformanceHarness;
  readonly proxy: FaultProxy;
  readonly namespace: string;
}

describe('a release of kubernetes, on a bad day', () => {
  const controlPlane = useControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bad-days-'));
  const lanes: Lane[] = [];
  let certificate: TestCertificate;

  beforeAll(() => {
    certificate = makeCertificate(folder, 'bad-days');
  });
  afterAll(async () => {
    await Promise.all(lanes.map(({ proxy }) => proxy.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  async function openLane(): Promise<Lane> {
    const plane = controlPlane();
    const proxy = await startFaultProxy({
      upstream: { url: plane.url, ca: plane.ca },
      tls: { key: readFileSync(certificate.keyFile, 'utf8'), cert: certificate.pem },
      classify: nameRequest,
      throttledAnswer: answerThrottled,
      failedAnswer: answerFailed,
    });
    const document = plane.kubeconfig({ url: proxy.url, ca: certificate.pem });
    const harness = await createKubernetesHarness(plane, (made) => ({ ...made, credential: { document } }));
    const lane = { harness, proxy, namespace: harness.runtime.zone };
    lanes.push(lane);
    return lane;
  }

  function open({ harness }: Lane): Promise<Bench> {
    return openBench({
      harness,
      provider: harness.provider,
      clusterId: `cl-${randomBytes(4).toString('hex')}`,
      transcript: createTranscript([]),
      waitLimitMs: 30_000,
      life: CLOUD_LIVES.releases,
    });
  }

  /** `<revision> <status>` of all of helm's records, as the API server itself has them. */
  async function listRecords(namespace: string): Promise<readonly string[]> {
    const records = await controlPlane().api.list(
      `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`,
    );
    return records
      .map(({ metadata }) => `${metadata.labels?.['version']} ${metadata.labels?.['status']}`)
      .sort((left, right) => parseInt(left, 10) - parseInt(right, 10));
  }

  const asserts: Readonly<Record<(typeof LIFE)[number], (bench: Bench, lane: Lane) => Promise<void>>> = {
    async InstallRelease(bench, { namespace }) {
      await assertRuns(bench, 'InstallRelease');
      expect(await listRecords(namespace), 'helm’s records after create').toEqual(['1 deployed']);
    },
    async UpgradeRelease(bench, { namespace }) {
      await assertRuns(bench, 'UpgradeRelease');
      // Helm numbers a try anew that it has itself called failed; what was good before is superseded.
      const [first, ...later] = await listRecords(namespace);
      expect(first, 'the first record after upgrade').toBe('1 superseded');
      const newest = later.pop();
      expect(newest, 'the newest record after upgrade').toMatch(/^\d+ deployed$/);
      for (const record of later) expect(record, 'a record between').toMatch(/^\d+ failed$/);
    },
    async UninstallRelease(bench, { namespace }) {
      await bench.engine.run(bench.task('PurgeRelease'));
      expect(await listRecords(namespace), 'helm’s records after delete').toEqual([]);
      const deadline = Date.now() + SETTLE_MS;
      for (;;) {
        const left = await surveyNamespace(controlPlane().api, namespace);
        if (isDeepStrictEqual(left, NOTHING)) return;
        if (Date.now() > deadline) expect(left, 'left after delete').toEqual(NOTHING);
        await sleep(100);
      }
    },
  };

  async function assertRuns(bench: Bench, action: TaskAction): Promise<void> {
    const operation = CLOUD_LIVES.releases.operations.find((candidate) => candidate.action === action);
    if (operation === undefined) throw new Error(`no operation is named ${action}`);
    await bench.assertHolds(operation);
  }

  /** Which requests each operation makes, and how often, when nothing goes wrong. */
  async function listRequests(lane: Lane): Promise<ReadonlyMap<TaskAction, ReadonlyMap<string, number>>> {
    const requests = new Map<TaskAction, ReadonlyMap<string, number>>();
    const bench = await open(lane);
    for (const action of LIFE) {
      lane.proxy.clearLog();
      await bench.engine.run(bench.task(action));
      const counts = new Map<string, number>();
      for (const { operation } of lane.proxy.log()) counts.set(operation, (counts.get(operation) ?? 0) + 1);
      requests.set(action, counts);
      await asserts[action](bench, lane);
    }
    return requests;
  }

  /** A whole life in which each operation meets its fault once. Returns what was struck. */
  async function live(lane: Lane, day: BadDay, complaints: string[]): Promise<readonly Fault[]> {
    const struck: Fault[] = [];
    const bench = await open(lane);
    let at = '';
    try {
      for (const action of LIFE) {
        const strike = day.get(action);
        at = `${action}, ${strike?.fault} of ${strike?.operation} ${strike?.nth}`;
        const rule = strike === undefined ? null : lane.proxy.addRule({ ...strike, delayMs: DELAY_MS });
        try {
          await bench.engine.run(bench.task(action));
        } finally {
          rule?.remove();
          if (rule !== null && rule.fired() > 0) struck.push(rule.rule.fault);
        }
        await asserts[action](bench, lane);
      }
    } catch (error) {
      complaints.push(`${at}: ${String(error)}`);
      await bench.deleteAll().catch((left: unknown) => complaints.push(`${at}: ${String(left)}`));
    }
    return struck;
  }

  it(
    'is created, upgraded and deleted once, whatever meets one of its requests',
    async () => {
      await Promise.all(Array.from({ length: LANES }, openLane));
      const [first] = lanes;
      if (first === undefined) throw new Error('no lane');
      const begun = Date.now();
      const requests = await listRequests(first);
      const days = chooseBadDays(requests, process.env['WINDLASS_TEST_SEED'] ?? '1');
      const planned = days.reduce((sum, day) => sum + day.size, 0);
      const waiting = [...days];
      const struck: Fault[] = [];
      const complaints: string[] = [];
      await Promise.all(
        lanes.map(async (lane) => {
          for (let day = waiting.shift(); day !== undefined; day = waiting.shift())
            struck.push(...(await live(lane, day, complaints)));
        }),
      );
      const kinds = new Map<Fault, number>();
      for (const fault of struck) kinds.set(fault, (kinds.get(fault) ?? 0) + 1);
      const list = [...kinds].map(([fault, count]) => `${count} ${fault}`).join(', ');
      process.stdout.write(
        `kubernetes on bad days: ${days.length} lives, ${struck.length} of ${planned} faults struck (${list}), ${Math.round((Date.now() - begun) / 1000)} s\n`,
      );
      expect(complaints).toEqual([]);
      // A wait that needs fewer looks than the first one may miss its fault.
      expect(struck.length).toBeGreaterThanOrEqual(Math.ceil(planned * 0.9));
    },
    LIMIT_MS,
  );
});
