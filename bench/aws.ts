import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { jobWorkflowId } from '../src/protocol/index.ts';
import { findAnsible, runAnsible } from './aws/ansible.ts';
import { KEY, openCloud, REGION, ZONE, type BenchCloud } from './aws/cloud.ts';
import { runPlainScript } from './aws/plain-script.ts';
import { readDurationMs } from './jobs.ts';
import type { Bench, Finding, PartResult } from './part.ts';
import { median, round } from './statistics.ts';

const PACKAGE = fileURLToPath(new URL('./aws/package', import.meta.url));
const JOB_LIMIT_MS = 30 * 60_000;

const AIM_OF_PLAIN = 1.1;
const AIM_OF_ANSIBLE = 5;
const AIM_NODES_OF_ANSIBLE = 10;
const AIM_CALLS = 1.1;

interface Measured {
  readonly tool: 'windlass' | 'plain script' | 'ansible';
  readonly nodes: number;
  readonly elapsedMs: number;
  readonly calls: number;
  /** How many of each operation. */
  readonly operations: Readonly<Record<string, number>>;
}

/**
 * Creates nodes with a volume each: windlass, a plain script with the same SDK, and Ansible, each
 * on an EC2 of its own (moto, slow from state to state), one after the other. No node is logged in
 * to: what is measured is the cloud's part.
 */
export async function measureAws(bench: Bench, temporal: Client): Promise<PartResult> {
  const { awsSizes, ansibleSizes, awsRounds, awsRunSeconds } = bench.settings;
  const ansible = ansibleSizes.length === 0 ? null : await findAnsible();
  const worker = await bench.startWorker('windlass');
  const measured: Measured[] = [];
  const measure = async (
    tool: Measured['tool'],
    nodes: number,
    run: (cloud: BenchCloud) => Promise<number>,
    made = nodes,
  ): Promise<void> => {
    const cloud = await openCloud(awsRunSeconds);
    try {
      const elapsedMs = await run(cloud);
      const operations = await cloud.countCalls();
      const calls = Object.values(operations).reduce((sum, count) => sum + count, 0);
      await cloud.assertMade(made);
      measured.push({ tool, nodes, elapsedMs, calls, operations });
      bench.report(`aws, ${nodes} nodes, ${tool}: ${Math.round(elapsedMs)} ms, ${calls} calls`);
    } finally {
      await cloud.close();
    }
  };
  try {
    const { versionId } = await bench.stack.client.apps.register(PACKAGE);
    for (const nodes of awsSizes) {
      for (let number = 1; number <= awsRounds; number += 1) {
        await measure('plain script', nodes, (cloud) => time(() => runPlainScript(cloud, nodes)));
        await measure(
          'windlass',
          nodes,
          async (cloud) => {
            // What is loaded once, and kept for the account for minutes, is paid for before.
            await runWindlass(bench, temporal, versionId, cloud, 1);
            const first = Object.entries(await cloud.countCalls());
            bench.report(`aws, first create: ${first.map(([name, count]) => `${name} ${count}`).join(', ')}`);
            return runWindlass(bench, temporal, versionId, cloud, nodes);
          },
          nodes + 1,
        );
      }
      if (ansible !== null && ansibleSizes.includes(nodes))
        await measure('ansible', nodes, (cloud) => time(() => runAnsible(ansible, cloud, nodes)));
    }
  } finally {
    await worker.stop();
  }
  return { findings: awsSizes.flatMap((nodes) => toFindings(measured, nodes)), raw: measured };
}

let runtimes = 0;

/** By the server's clock, from the job's start to its end. */
async function runWindlass(
  { stack }: Bench,
  temporal: Client,
  app: string,
  { moto, imageId, subnetId }: BenchCloud,
  count: number,
): Promise<number> {
  runtimes += 1;
  const runtime = `ec2-${runtimes}`;
  await stack.client.runtimes.create({
    name: runtime,
    provider: 'aws',
    url: moto.url,
    zone: ZONE,
    credential: JSON.stringify(KEY),
    settings: { region: REGION, subnet: subnetId, image: imageId, callsPerSecond: '1000' },
  });
  // The calls of a create are counted, not those of making a runtime.
  await moto.forgetRequests();
  const { clusterId, jobId } = await stack.client.clusters.create({
    app,
    runtime,
    conf: { cluster: { count } },
  });
  const job = await stack.client.jobs.wait(jobId, { clusterId, pollMs: 500, timeoutMs: JOB_LIMIT_MS });
  if (job.status !== 'successful') throw new Error(`${jobId} ${job.status}: ${job.error?.message ?? ''}`);
  return readDurationMs(temporal, jobWorkflowId(clusterId));
}

async function time(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function toFindings(measured: readonly Measured[], nodes: number): readonly Finding[] {
  const of = (tool: Measured['tool'], what: 'elapsedMs' | 'calls'): number =>
    median(
      measured.filter((entry) => entry.tool === tool && entry.nodes === nodes).map((entry) => entry[what]),
    );
  const [ms, plainMs, ansibleMs] = [
    of('windlass', 'elapsedMs'),
    of('plain script', 'elapsedMs'),
    of('ansible', 'elapsedMs'),
  ];
  const [calls, plainCalls, ansibleCalls] = [
    of('windlass', 'calls'),
    of('plain script', 'calls'),
    of('ansible', 'calls'),
  ];
  const findings: Finding[] = [
    {
      what: `create of ${nodes} nodes on EC2, beside a plain script`,
      value: `${round(ms / 1000)} s and ${round(plainMs / 1000)} s: ${round(ms / plainMs)} ×`,
      aim: `≤ ${AIM_OF_PLAIN} ×`,
      met: ms / plainMs <= AIM_OF_PLAIN,
    },
    {
      what: `calls for ${nodes} nodes on EC2, beside a plain script`,
      value: `${calls} and ${plainCalls}: ${round(calls / plainCalls)} ×, ${round(calls / nodes, 1)} a node`,
      aim: `≤ ${AIM_CALLS} ×`,
      met: calls / plainCalls <= AIM_CALLS,
    },
  ];
  if (Number.isNaN(ansibleMs)) return findings;
  const aimed = nodes === AIM_NODES_OF_ANSIBLE;
  findings.push({
    what: `create of ${nodes} nodes on EC2, beside Ansible`,
    value: `${round(ansibleMs / 1000)} s, ${ansibleCalls} calls: ${round(ansibleMs / ms)} × as long`,
    ...(aimed ? { aim: `≥ ${AIM_OF_ANSIBLE} ×`, met: ansibleMs / ms >= AIM_OF_ANSIBLE } : {}),
  });
  return findings;
}
