import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import type { StartedJob, WindlassClient } from '../../src/client/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { openFaultFolder, type FaultFolder } from '../faults/fault-folder.ts';
import { superviseWorkers, type SupervisedWorkers } from '../faults/supervised-workers.ts';
import { problemsOf, QUICK_RECOVERY, waitForEnd } from '../faults/local-scenario.ts';
import type { ControlPlane } from '../kit/kubernetes/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { snapshotNamespace, type ReleaseSnapshot } from './snapshot-release.ts';

export type ChartName = 'web' | 'store' | 'hooked';

const CHARTS = fileURLToPath(new URL('../fixtures/charts', import.meta.url));
const SETTLE_MS = 30_000;

/** A whole windlass with workers that are kept alive, on a real control plane. */
export interface ChartScenario {
  readonly stack: TestStack;
  readonly client: WindlassClient;
  readonly plane: ControlPlane;
  readonly workers: SupervisedWorkers;
  readonly faults: FaultFolder;
  /** A runtime on a namespace of its own; its name is the namespace's. */
  openRuntime(settings?: Readonly<Record<string, string>>): Promise<string>;
  /**
   * Registers a version of a chart; its images have that version. A cease deletes versions that are not
   * used.
   */
  register(chart: ChartName, version: string): Promise<string>;
  /** Waits for the job, and for it to have gone well. */
  succeed(job: Promise<StartedJob>): Promise<JobView>;
  /** Waits for the job and returns it, however it ends. */
  end(job: Promise<StartedJob>): Promise<JobView>;
  /** Polls until the namespace is as expected, half a minute at most; returns the last state. */
  waitForSnapshot(namespace: string, expected: Partial<ReleaseSnapshot>): Promise<Partial<ReleaseSnapshot>>;
  stop(): Promise<void>;
}

/** The caller stops the control plane. */
export async function openChartScenario(
  plane: ControlPlane,
  options: { readonly workers: number; readonly env?: NodeJS.ProcessEnv },
): Promise<ChartScenario> {
  const stack = await startStack({ env: { ...QUICK_RECOVERY, ...options.env } });
  const faults = openFaultFolder(join(stack.home, 'faults'));
  const workers = await superviseWorkers(stack, options.workers, faults.env);
  const { client } = stack;
  let registered = 0;
  const end = async (job: Promise<StartedJob>): Promise<JobView> => waitForEnd(client, await job);
  return {
    stack,
    client,
    plane,
    workers,
    faults,
    end,
    async openRuntime(settings = {}) {
      const namespace = await plane.createNamespace();
      await client.runtimes.create({
        name: namespace,
        provider: 'kubernetes',
        zone: namespace,
        settings,
        credential: plane.kubeconfig(),
      });
      return namespace;
    },
    async register(chart, version) {
      // Of its own: some register the same at the same time.
      registered += 1;
      const folder = join(stack.home, 'charts', String(registered), chart);
      mkdirSync(folder, { recursive: true });
      cpSync(join(CHARTS, chart), folder, { recursive: true });
      const file = join(folder, 'Chart.yaml');
      const text = readFileSync(file, 'utf8')
        .replace(/^version: .*$/m, `version: ${version}`)
        .replace(/^appVersion: .*$/m, `appVersion: '${version}'`);
      writeFileSync(file, text);
      return (await client.apps.register(folder)).versionId;
    },
    async succeed(job) {
      const view = await end(job);
      const problems = problemsOf(view);
      if (problems.length > 0) throw new Error(problems.join('; '));
      return view;
    },
    async waitForSnapshot(namespace, expected) {
      const deadline = Date.now() + SETTLE_MS;
      for (;;) {
        const seen = pick(await snapshotNamespace(plane.api, namespace), expected);
        if (isDeepStrictEqual(seen, expected) || Date.now() > deadline) return seen;
        await sleep(100);
      }
    },
    async stop() {
      try {
        await workers.stop();
      } finally {
        await stack.stop();
      }
    },
  };
}

function pick(seen: ReleaseSnapshot, expected: Partial<ReleaseSnapshot>): Partial<ReleaseSnapshot> {
  return Object.fromEntries(Object.entries(seen).filter(([key]) => key in expected));
}
