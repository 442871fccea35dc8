import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import { findCacheFolder } from '../src/config/index.ts';
import { findHelm } from '../src/tools/index.ts';
import {
  findKubebox,
  NO_KUBEBOX,
  startControlPlane,
  type ControlPlane,
} from '../test/kit/kubernetes/index.ts';
import { jobWorkflowId } from '../src/protocol/index.ts';
import { readDurationMs } from './jobs.ts';
import type { Bench, Finding, PartResult } from './part.ts';
import { median, round } from './statistics.ts';

const runFile = promisify(execFile);

const CHARTS = ['web', 'store', 'hooked'] as const;
type Chart = (typeof CHARTS)[number];
const CHART_FOLDER = fileURLToPath(new URL('../test/fixtures/charts', import.meta.url));

/** Seconds until a pod is ready: none shows what windlass costs, five is what pods take in earnest. */
const READY_SECONDS = [0, 5] as const;
/** How much longer than helm one release may take. */
const AIM_RATIO = 1.2;
/** How much quicker than helm runs one after another many releases at once must be. */
const AIM_SPEEDUP = 3;

/** One release's life, by both. */
interface Life {
  readonly createMs: number;
  readonly deleteMs: number;
  /** Requests to the API server for both. */
  readonly requests: number;
}

interface Compared {
  readonly chart: Chart;
  readonly readySeconds: number;
  readonly helm: Life[];
  readonly windlass: Life[];
}

interface Many {
  readonly releases: number;
  readonly readySeconds: number;
  /** One run after another, as the aim has it. */
  readonly helmMs: number;
  /** All runs of helm at once: what the machine can do at most. */
  readonly helmAtOnceMs: number;
  readonly windlassMs: number;
  /** To the API server. */
  readonly helmRequests: number;
  readonly windlassRequests: number;
}

/** What both are measured on. */
interface Place {
  readonly bench: Bench;
  readonly temporal: Client;
  readonly plane: ControlPlane;
  readonly helm: (args: readonly string[]) => Promise<void>;
  readonly versions: Readonly<Record<Chart, string>>;
  readonly runtime: string;
}

/**
 * Creates and deletes beside `helm install --wait` and `helm uninstall --wait` of the same charts on
 * the same server, in turns; then many at once beside as many runs of helm one after another. A
 * job's time is its workflow's, start to close, by Temporal's clock; helm's that of its process.
 */
export async function measureKubernetes(bench: Bench, temporal: Client): Promise<PartResult> {
  const binary = await findKubebox();
  if (binary === null) throw new Error(NO_KUBEBOX);
  const plane = await startControlPlane(binary, { audit: true });
  const worker = await bench.startWorker('windlass');
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-helm-'));
  try {
    const place = await prepare(bench, temporal, plane, folder);
    await compareOnce(place, 'web', 0, 'warm');
    const compared: Compared[] = [];
    for (const readySeconds of READY_SECONDS) {
      for (const chart of CHARTS) compared.push(await compare(place, chart, readySeconds));
    }
    const many: Many[] = [];
    for (const readySeconds of READY_SECONDS) many.push(await measureMany(place, readySeconds));
    return { findings: [...compared.flatMap(toFindings), ...many.map(toFinding)], raw: { compared, many } };
  } finally {
    await worker.stop();
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(bench: Bench, temporal: Client, plane: ControlPlane, folder: string): Promise<Place> {
  const { client } = bench.stack;
  const runtime = await plane.createNamespace();
  const kubeconfig = plane.kubeconfig({ user: 'counted', namespace: runtime });
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig, { mode: 0o600 });
  const { path, description } = await findHelm({
    named: process.env['WINDLASS_HELM'] ?? null,
    cache: findCacheFolder(process.env),
    env: process.env,
    report: bench.report,
  });
  bench.report(`kubernetes: ${description}`);
  const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig'), HELM_CACHE_HOME: folder };
  await client.runtimes.create({
    name: runtime,
    provider: 'kubernetes',
    zone: runtime,
    credential: kubeconfig,
  });
  const registered = await Promise.all(
    CHARTS.map(
      async (chart) => [chart, (await client.apps.register(join(CHART_FOLDER, chart))).versionId] as const,
    ),
  );
  return {
    bench,
    temporal,
    plane,
    runtime,
    versions: Object.fromEntries(registered) as Record<Chart, string>,
    helm: async (args) => {
      await runFile(path, [...args, '--namespace', runtime], { env });
    },
  };
}

async function compare(place: Place, chart: Chart, readySeconds: number): Promise<Compared> {
  const result: Compared = { chart, readySeconds, helm: [], windlass: [] };
  for (let number = 1; number <= place.bench.settings.rounds; number += 1) {
    const { helm, windlass } = await compareOnce(place, chart, readySeconds, `r${number}-${readySeconds}`);
    result.helm.push(helm);
    result.windlass.push(windlass);
    place.bench.report(
      `kubernetes, ${chart}, pods ready after ${readySeconds} s, round ${number}: ` +
        `helm ${helm.createMs} + ${helm.deleteMs} ms, ${helm.requests} requests, ` +
        `windlass ${windlass.createMs} + ${windlass.deleteMs} ms, ${windlass.requests} requests`,
    );
  }
  return result;
}

async function compareOnce(place: Place, chart: Chart, readySeconds: number, round_: string) {
  const helm = await measureHelm(place, chart, readySeconds, `${chart}-h-${round_}`);
  const windlass = await measureWindlass(place, chart, readySeconds, `${chart}-w-${round_}`);
  return { helm, windlass };
}

async function measureHelm(place: Place, chart: Chart, readySeconds: number, name: string): Promise<Life> {
  const before = await countRequests(place);
  const createMs = await time(() => installByHelm(place, chart, readySeconds, name));
  const deleteMs = await time(() => place.helm(['uninstall', name, '--wait']));
  await cleanUp(place);
  return { createMs, deleteMs, requests: (await countRequests(place)) - before };
}

function installByHelm(place: Place, chart: Chart, readySeconds: number, name: string): Promise<void> {
  const delay = `podAnnotations.testbed\\.windlass/ready-delay=${readySeconds}s`;
  return place.helm(['install', name, join(CHART_FOLDER, chart), '--wait', '--set-string', delay]);
}

async function measureWindlass(
  place: Place,
  chart: Chart,
  readySeconds: number,
  name: string,
): Promise<Life> {
  const { clusters } = place.bench.stack.client;
  const before = await countRequests(place);
  const created = await startByWindlass(place, chart, readySeconds, name);
  const createMs = await finish(place, created);
  const deleteMs = await finish(place, await clusters.delete(created.clusterId));
  return { createMs, deleteMs, requests: (await countRequests(place)) - before };
}

function startByWindlass(place: Place, chart: Chart, readySeconds: number, name: string) {
  return place.bench.stack.client.clusters.create({
    app: place.versions[chart],
    runtime: place.runtime,
    name,
    conf: { podAnnotations: { 'testbed.windlass/ready-delay': `${readySeconds}s` } },
  });
}

/** Waits for the job's good end; a failed one throws. Returns how long its workflow took. */
async function finish(
  place: Place,
  job: { readonly jobId: string; readonly clusterId: string },
): Promise<number> {
  // One long poll: asking how it goes every moment would be measured too, twenty times over.
  await place.temporal.workflow.getHandle(jobWorkflowId(job.clusterId)).result();
  return readDurationMs(place.temporal, jobWorkflowId(job.clusterId));
}

async function measureMany(place: Place, readySeconds: number): Promise<Many> {
  const { releases } = place.bench.settings;
  const names = Array.from({ length: releases }, (_, index) => `many-${readySeconds}-${index}`);
  const uninstall = async (suffix: string): Promise<void> => {
    for (const name of names) await place.helm(['uninstall', `${name}-${suffix}`, '--wait']);
    await cleanUp(place);
  };
  const before = await countRequests(place);
  const helmMs = await time(async () => {
    for (const name of names) await installByHelm(place, 'web', readySeconds, `${name}-h`);
  });
  const helmRequests = (await countRequests(place)) - before;
  await uninstall('h');
  const helmAtOnceMs = await time(() =>
    Promise.all(names.map((name) => installByHelm(place, 'web', readySeconds, `${name}-p`))),
  );
  await uninstall('p');
  const between = await countRequests(place);
  const jobs: { readonly jobId: string; readonly clusterId: string }[] = [];
  const windlassMs = await time(async () => {
    jobs.push(
      ...(await Promise.all(names.map((name) => startByWindlass(place, 'web', readySeconds, `${name}-w`)))),
    );
    await Promise.all(jobs.map((job) => finish(place, job)));
  });
  const windlassRequests = (await countRequests(place)) - between;
  for (const { clusterId } of jobs) {
    await finish(place, await place.bench.stack.client.clusters.delete(clusterId));
  }
  const many = { releases, readySeconds, helmMs, helmAtOnceMs, windlassMs, helmRequests, windlassRequests };
  place.bench.report(
    `kubernetes, ${releases} releases, pods ready after ${readySeconds} s: ${describeMany(many)}`,
  );
  return many;
}

/** Claims of a StatefulSet outlive a release that helm has taken away. */
async function cleanUp({ plane, runtime }: Place): Promise<void> {
  const path = `/api/v1/namespaces/${runtime}/persistentvolumeclaims`;
  for (const { metadata } of await plane.api.list(path)) await plane.api.delete(`${path}/${metadata.name}`);
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}

/** The audit log is written a moment after the answer. */
async function countRequests({ plane }: Place): Promise<number> {
  await sleep(200);
  return plane.countRequests();
}

function toFindings({ chart, readySeconds, helm, windlass }: Compared): readonly Finding[] {
  const what = `${chart}, pods ready after ${readySeconds} s`;
  return (['createMs', 'deleteMs'] as const).map((key) => {
    const [helmMs, ourMs] = [helm, windlass].map((lives) => median(lives.map((life) => life[key])));
    const ratio = (ourMs ?? 0) / (helmMs ?? 1);
    const requests = [helm, windlass].map((lives) => median(lives.map((life) => life.requests)));
    return {
      what: `${key === 'createMs' ? 'create' : 'delete'} of ${what}`,
      value: `helm ${helmMs} ms, windlass ${ourMs} ms: ${round(ratio)} ×${key === 'createMs' ? `; requests of both: helm ${requests[0]}, windlass ${requests[1]}` : ''}`,
      aim: `≤ ${AIM_RATIO} × helm`,
      met: ratio <= AIM_RATIO,
    };
  });
}

function toFinding(many: Many): Finding {
  const speedup = many.helmMs / many.windlassMs;
  return {
    what: `${many.releases} releases of web, pods ready after ${many.readySeconds} s`,
    value: `${describeMany(many)}: ${round(speedup)} × as fast`,
    aim: `≥ ${AIM_SPEEDUP} ×`,
    met: speedup >= AIM_SPEEDUP,
  };
}

function describeMany(many: Many): string {
  const { helmMs, helmAtOnceMs, windlassMs, helmRequests, windlassRequests } = many;
  return (
    `helm one after another ${helmMs} ms, all at once ` +
    `${helmAtOnceMs} ms, windlass ${windlassMs} ms; requests: helm ${helmRequests}, windlass ${windlassRequests}`
  );
}
