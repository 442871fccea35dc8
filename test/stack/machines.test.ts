import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedJob } from '../../src/client/index.ts';
import {
  createSshdMachines,
  findSshdMachinesObstacle,
  type SshdMachines,
} from '../../src/conformance/index.ts';
import type { JobView } from '../../src/protocol/index.ts';
import { MACHINE_CLOUD_KEY, startMachineCloud, type MachineCloud } from '../fakes/machine-cloud.ts';
import { openFaultFolder, type FaultFolder } from '../faults/fault-folder.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const OBSTACLE = findSshdMachinesObstacle();
const PACKAGE = fileURLToPath(new URL('./service-log-package', import.meta.url));
const PROVIDER = fileURLToPath(new URL('../fakes/machine-provider.ts', import.meta.url));
const PASSWORD = 'planted-0c3b9d1f-password';
const LIMIT_MS = 120_000;

// The frame's own actions, by workers of their own, on machines with OpenSSH and disks. Who logs in
// is not root.
describe('a cluster on machines', () => {
  let folder: string;
  let machines: SshdMachines;
  let cloud: MachineCloud;
  let stack: TestStack;
  let faults: FaultFolder;
  let clusterId: string;

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    folder = mkdtempSync(join(tmpdir(), 'windlass-machines-'));
    machines = await createSshdMachines({ folder: join(folder, 'machines') });
    cloud = await startMachineCloud({ machines, network: '127.105.0.' });
    faults = openFaultFolder(join(folder, 'faults'));
    stack = await startStack({
      env: {
        ...faults.env,
        WINDLASS_PROVIDERS: PROVIDER,
        WINDLASS_TEST_MACHINE_CLOUD: cloud.url,
        WINDLASS_TEST_MACHINE_USER: 'windlass',
        WINDLASS_HEARTBEAT_SECONDS: '1',
        WINDLASS_LEASE_SECONDS: '1',
        WINDLASS_LOG_LEVEL: 'info',
      },
    });
    await Promise.all([stack.startWorker(), stack.startWorker()]);
    await stack.client.runtimes.create({
      name: 'metal',
      provider: 'machines',
      zone: 'zone-1',
      credential: JSON.stringify({ apiKey: MACHINE_CLOUD_KEY }),
    });
  }, 120_000);
  afterAll(async () => {
    if (OBSTACLE !== null) return;
    for (const { pid } of faults.frozen()) wake(pid);
    await stack.stop();
    await cloud.stop();
    await machines.close();
    rmSync(folder, { recursive: true, force: true });
  }, 180_000);
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  const finish = (job: StartedJob): Promise<JobView> =>
    stack.client.jobs.wait(job.jobId, { clusterId: job.clusterId, timeoutMs: LIMIT_MS });
  const create = (name: string, env: Record<string, string> = {}, count = 1): Promise<StartedJob> =>
    stack.client.clusters.create({
      app: PACKAGE,
      runtime: 'metal',
      name,
      conf: { cluster: { name, count }, env: { password: PASSWORD, ...env } },
      requestId: name,
    });
  /** In every machine that runs, in the order of their names. */
  const everywhere = (command: string): Promise<readonly string[]> =>
    Promise.all(
      machines
        .list()
        .filter(({ state }) => state === 'running')
        .map(({ instanceId }) => machines.execute(instanceId, command)),
    );
  const readHostKeys = (): Promise<readonly string[]> =>
    everywhere("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
  async function onlyMachine(): Promise<string> {
    await expect.poll(() => machines.list().length, { timeout: LIMIT_MS }).toBe(1);
    return machines.list()[0]?.instanceId ?? '';
  }
  /** Until the start has printed all its lines, they are collected, and it waits. */
  async function waitForStart(instanceId: string): Promise<void> {
    const look =
      "ls /data/waiting && cat /data/starts && cat /var/lib/windlass/run/*/output | grep -o '^line 10000:'";
    await expect
      .poll(() => machines.execute(instanceId, look).catch(() => ''), { timeout: LIMIT_MS })
      .toBe('/data/waiting\nstarted\nline 10000:\n');
  }

  it(
    'is made: volumes formatted, mounted and in fstab, services run as root',
    { timeout: LIMIT_MS },
    async () => {
      faults.enter('create');
      const job = await create('whole', {}, 2);
      ({ clusterId } = job);
      expect(await finish(job)).toMatchObject({ status: 'successful', error: null });
      expect(machines.list()).toHaveLength(2);
      const mounts = await everywhere(
        'awk \'$2 == "/data" || $2 == "/log" { print $2, $3, $4 }\' /proc/mounts',
      );
      for (const mounted of mounts)
        expect(mounted).toMatch(/^\/data xfs rw,noatime.*\n\/log xfs rw,noatime.*\n$/);
      for (const fstab of await everywhere('grep -c ^UUID= /etc/fstab')) expect(fstab).toBe('2\n');
      expect(await everywhere('cat /log/user /data/starts')).toEqual(['root\nstarted\n', 'root\nstarted\n']);
      const { nodes } = await stack.client.clusters.describe(clusterId);
      expect(nodes.flatMap(({ volumes }) => volumes.map(({ device }) => device))).toEqual(
        expect.arrayContaining([expect.stringMatching(/^\/dev\/disk\/by-id\/virtio-vol-/)]),
      );
    },
  );

  it('has host keys that are not those of its user-data any more', async () => {
    const first = await everywhere(
      "grep -o 'ssh-ed25519 [A-Za-z0-9+/=]*' /run/machine/first-boot | head -n 1",
    );
    const now = await readHostKeys();
    expect(first.every((key) => key.startsWith('ssh-ed25519 '))).toBe(true);
    for (const key of now) expect(first).not.toContain(key);
    expect(new Set(now).size).toBe(2);
  });

  it(
    'is stopped with its disks detached, and started with its data and its keys',
    { timeout: LIMIT_MS },
    async () => {
      const keys = await readHostKeys();
      faults.enter('stop');
      expect(await finish(await stack.client.clusters.stop(clusterId))).toMatchObject({
        status: 'successful',
      });
      expect(machines.list().map(({ state, disks }) => [state, disks.length])).toEqual([
        ['stopped', 0],
        ['stopped', 0],
      ]);
      faults.enter('start');
      expect(await finish(await stack.client.clusters.start(clusterId))).toMatchObject({
        status: 'successful',
      });
      expect(await everywhere('cat /data/starts')).toEqual(['started\nstarted\n', 'started\nstarted\n']);
      expect(await readHostKeys()).toEqual(keys);
    },
  );

  it('is deleted, and neither a machine nor a disk is left', { timeout: LIMIT_MS }, async () => {
    faults.enter('delete');
    expect(await finish(await stack.client.clusters.delete(clusterId))).toMatchObject({
      status: 'successful',
    });
    expect(machines.list()).toEqual([]);
    expect(await machines.listDisks()).toEqual([]);
    expect(cloud.cloud.list()).toEqual([]);
  });

  it(
    'fails with an unknown outcome when a node reboots in the middle of a start that may not run twice',
    { timeout: LIMIT_MS },
    async () => {
      faults.enter('create');
      const job = await create('rebooted', { start: 'waits' });
      const instanceId = await onlyMachine();
      await waitForStart(instanceId);
      await machines.crash(instanceId);
      await machines.start(instanceId);
      const view = await finish(job);
      expect(view).toMatchObject({ status: 'failed', error: { code: 'COMMAND_OUTCOME_UNKNOWN' } });
      // With its last output, and without anything secret.
      expect(view.error?.message).toMatch(/\nline \d+: \*{6}$/);
      expect(JSON.stringify(view)).not.toContain(PASSWORD);
      expect(await machines.execute(instanceId, 'cat /data/starts')).toBe('started\n');
      faults.enter('delete');
      expect(await finish(await stack.client.clusters.delete(job.clusterId))).toMatchObject({
        status: 'successful',
      });
    },
  );

  it.each(['before-effect', 'after-effect'])(
    'is started once when a worker freezes at the %s of the start and wakes up after another has gone on',
    { timeout: LIMIT_MS },
    async (point) => {
      faults.freeze([`frozen-${point} StartService:${point}`]);
      faults.enter(`frozen-${point}`);
      const job = await create(`frozen-${point}`, { start: 'waits' });
      const instanceId = await onlyMachine();
      await expect.poll(() => faults.frozen().length, { timeout: LIMIT_MS }).toBeGreaterThan(0);
      const pid = faults.frozen().find((one) => one.point.startsWith(`frozen-${point} `))?.pid ?? 0;
      await waitForStart(instanceId);
      // Its lease and its heartbeats are long over, and the command still runs.
      await sleep(4_000);
      wake(pid);
      await sleep(1_000);
      await machines.execute(instanceId, ': > /go');
      expect(await finish(job)).toMatchObject({ status: 'successful', error: null });
      expect(await machines.execute(instanceId, 'cat /data/starts')).toBe('started\n');
      faults.enter('delete');
      await finish(await stack.client.clusters.delete(job.clusterId));
      expect(machines.list()).toEqual([]);
    },
  );
});

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended since.
  }
}
