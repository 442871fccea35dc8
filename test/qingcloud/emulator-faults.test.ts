import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  closeTestClouds,
  createVolume,
  RUN,
  runInstance,
  showInstance,
  showVolume,
  startTestCloud,
} from './emulator-kit.ts';

afterEach(closeTestClouds);

describe('faults of the emulator', () => {
  it.each([
    ['fail-before', 5000, 0],
    ['fail-after', 5000, 1],
    ['busy', 5100, 0],
    ['full', 5200, 0],
  ] as const)('%s answers %i and leaves %i instances', async (kind, retCode, left) => {
    const cloud = await startTestCloud();
    cloud.addFault({ action: 'RunInstances', kind });
    await ask(cloud, 'DescribeInstances');
    expect(await ask(cloud, 'RunInstances', RUN)).toMatchObject({ ret_code: retCode });
    expect(cloud.inspect().instances).toHaveLength(left);
    expect(await ask(cloud, 'RunInstances', RUN)).toMatchObject({ ret_code: 0 });
  });

  it('cut breaks the connection after the effect', async () => {
    const cloud = await startTestCloud();
    cloud.addFault({ action: 'RunInstances', kind: 'cut', count: 2, after: 1 });
    await ask(cloud, 'RunInstances', RUN);
    await expect(ask(cloud, 'RunInstances', RUN)).rejects.toThrow('fetch failed');
    await expect(ask(cloud, 'RunInstances', RUN)).rejects.toThrow('fetch failed');
    await ask(cloud, 'RunInstances', RUN);
    expect(cloud.inspect().instances).toHaveLength(4);
    expect(cloud.inspect().log.map(({ fault }) => fault)).toEqual(['', 'cut', 'cut', '']);
  });

  it('slow answers later than another request that came after it', async () => {
    const cloud = await startTestCloud();
    cloud.addFault({ action: 'DescribeZones', kind: 'slow', delayMs: 300 });
    const order: string[] = [];
    const slow = ask(cloud, 'DescribeZones').then(() => order.push('slow'));
    await expect.poll(() => cloud.inspect().log.length).toBe(1);
    await ask(cloud, 'DescribeJobs').then(() => order.push('quick'));
    await slow;
    expect(order).toEqual(['quick', 'slow']);
  });

  it('fail-job ends a job as failed, and takes back what it began', async () => {
    const cloud = await startTestCloud();
    const volume = await createVolume(cloud);
    cloud.addFault({ action: 'RunInstances', kind: 'fail-job' });
    const { instances, job_id } = await ask(cloud, 'RunInstances', { ...RUN, 'volumes.1': volume });
    cloud.advance(1_000);
    const jobs = await ask(cloud, 'DescribeJobs', { 'jobs.1': job_id });
    expect(jobs['job_set']).toMatchObject([{ status: 'failed', error_codes: '5000' }]);
    expect(await showInstance(cloud, instances[0])).toBeUndefined();
    expect(await showVolume(cloud, volume)).toMatchObject({ status: 'available', instance: {} });
    const running = await runInstance(cloud);
    cloud.addFault({ action: 'StopInstances', kind: 'fail-job' });
    await ask(cloud, 'StopInstances', { 'instances.1': running });
    cloud.advance(1_000);
    expect(await showInstance(cloud, running)).toMatchObject({ status: 'running', transition_status: '' });
  });
});

describe('the state of the emulator', () => {
  const MAIN = fileURLToPath(new URL('../kit/qingcloud/main.ts', import.meta.url));
  const processes: ChildProcess[] = [];
  afterEach(() => {
    for (const process of processes.splice(0)) process.kill('SIGKILL');
  });

  async function spawnEmulator(folder: string): Promise<{ process: ChildProcess; url: string }> {
    const options = { folder, settings: { leaseMs: 3_600_000 } };
    const child = spawn(process.execPath, [MAIN, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.push(child);
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return { process: child, url };
  }

  it('survives a kill of its process: answers, jobs, leases and the log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-qingcloud-'));
    try {
      const first = await spawnEmulator(folder);
      const nowMs = Date.now;
      const { instances, job_id } = await ask({ url: first.url, nowMs }, 'RunInstances', RUN);
      first.process.kill('SIGKILL');
      await once(first.process, 'exit');
      const { url } = await spawnEmulator(folder);
      const jobs = await ask({ url, nowMs }, 'DescribeJobs', { 'jobs.1': job_id });
      expect(jobs['job_set']).toMatchObject([{ status: 'successful', resource_ids: instances[0] }]);
      const ended = await ask({ url, nowMs }, 'TerminateInstances', { 'instances.1': instances[0] });
      expect(ended['message']).toMatch('lease info not ready yet, please try later');
      const again = await ask({ url, nowMs }, 'RunInstances', RUN);
      expect(again['instances'][0]).not.toBe(instances[0]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
