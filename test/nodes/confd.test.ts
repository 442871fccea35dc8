import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPackage } from '../../src/app-package/index.ts';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import { WindlassError, type ClusterWrapper, type Task } from '../../src/domain/index.ts';
import type { NodeTarget } from '../../src/nodes/index.ts';
import type { Provider, ProviderHandler, TaskContext } from '../../src/provider/index.ts';
import { buildMetadataTree, createVmProvider, type VmEnvironment } from '../../src/vm/index.ts';
import { createTestEffectCall, createTestObserveCall } from '../kit/test-calls.ts';
import { buildGoTool, NO_GO } from '../kit/go-tools.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';
import { equalNodes, features } from '../unit/vm/clusters.ts';

const PACKAGE = fileURLToPath(new URL('../fixtures/confd', import.meta.url));
const ZOOKEEPER = fileURLToPath(new URL('../../examples/zookeeper', import.meta.url));
const signal = new AbortController().signal;

// The confd of its authors, on a machine with a real sshd, run by the frame as a job runs it.
describe('confd on a node', () => {
  let kit: TestMachines;
  let target: NodeTarget;
  let provider: Provider;
  let confd: string | null = null;
  let obstacle: string | null = findSshdMachinesObstacle();
  let tasks = 0;
  let packageFiles: Awaited<ReturnType<typeof readPackage>> = [];

  beforeAll(async () => {
    if (obstacle === null) confd = await buildGoTool({ name: 'confd' });
    if (obstacle === null && confd === null) obstacle = NO_GO;
    if (confd === null) return;
    kit = await createTestMachines();
    target = await kit.boot({ instanceId: 'i-confd', address: '127.100.0.1' });
    provider = createVmProvider({
      name: 'machines',
      features: features(),
      handler: {} as ProviderHandler,
      environment: {} as VmEnvironment,
      nodes: kit.shell,
    });
  }, 900_000);
  beforeEach((context) => {
    context.skip(obstacle !== null, obstacle ?? '');
  });
  afterAll(() => kit?.end());

  const run = (command: string): Promise<string> => kit.shell.run(target, command, signal);
  const read = (path: string): Promise<string> => run(`cat ${path} 2>/dev/null || echo absent`);
  const countReloads = async (): Promise<number> => (await read('/var/log/reloads')).split('\n').length - 1;

  /** A cluster of three, as its metadata is registered. */
  function cluster(env: Readonly<Record<string, string>>, ips: readonly string[]): ClusterWrapper {
    const wrapper = equalNodes('active', 'active');
    return {
      ...wrapper,
      cluster: { ...wrapper.cluster, env },
      nodes: wrapper.nodes
        .slice(0, ips.length)
        .map((node, index) => ({ ...node, instanceId: `i-${index}`, privateIp: ips[index] ?? '' })),
    };
  }

  /** Handle and wait of one RefreshConfiguration, each called as often as `times` says. */
  async function refresh(wrapper: ClusterWrapper, times = 1): Promise<void> {
    tasks += 1;
    const context = toContext(wrapper, `job-1.${tasks}.0`);
    const effects = createTestEffectCall();
    for (let time = 0; time < times; time += 1) {
      const { state } = await provider.handleSubtask(context, effects);
      if (state === 'done') continue;
      await waitUntilDone(context);
    }
  }

  async function waitUntilDone(context: TaskContext): Promise<void> {
    for (;;) {
      const seen = await look(context);
      if (seen) return;
      await sleep(50);
    }
  }

  /** Like the engine's polls: a node that is away now is polled again. */
  async function look(context: TaskContext): Promise<boolean> {
    try {
      const { state } = await provider.waitSubtask(context, createTestObserveCall());
      return state === 'done';
    } catch (error) {
      if (WindlassError.isInstance(error) && error.kind === 'unavailable') return false;
      throw error;
    }
  }

  function toContext(wrapper: ClusterWrapper, taskId: string): TaskContext {
    const [node] = wrapper.nodes;
    const [role] = wrapper.roles;
    if (node === undefined || role === undefined) throw new Error('a cluster without nodes');
    const task = {
      taskId,
      action: 'RefreshConfiguration',
      nodeId: node.nodeId,
      directive: { packageFiles: packageFiles.length > 0 },
      resources: [],
    };
    const { host, port, user, root } = target;
    return {
      task: task as unknown as Task,
      job: { jobId: 'job-1' } as TaskContext['job'],
      runtime: { settings: {} } as TaskContext['runtime'],
      credential: {},
      cluster: wrapper.cluster,
      node: { ...node, ssh: { host, port, user, root, hostKey: kit.host.publicKey } },
      role,
      access: {
        authorizedKey: kit.client.publicKey,
        clientPrivateKey: kit.client.privateKey,
        hostPrivateKey: kit.host.privateKey,
        hostPublicKey: kit.host.publicKey,
      },
      resources: {},
      loadCluster: async () => wrapper,
      loadPackage: async () => ({ versionId: 'appv-1', files: packageFiles }),
      loadRelatedMetadata: async () => [],
      loadMetadata: async () => buildMetadataTree(wrapper, { zone: 'z1' }),
      openSecret: async () => 'opened',
      loadSecretValues: async () => [],
      loadChangedHostKey: async () => {
        throw new Error('nothing changes it here');
      },
    };
  }

  const CALM = { port: '2181', level: 'info' };
  const THREE = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

  it('is not asked for where the image has none', async () => {
    await refresh(cluster(CALM, THREE));
    expect(await read('/etc/windlass/metadata.json')).toContain('10.0.0.3');
    expect(await read('/var/lib/windlass/confd-applied')).toBe('absent\n');
  });

  it('fills the package’s templates when there is one, and reloads once', async () => {
    if (confd === null) throw new Error('no confd');
    await installInto(kit, confd);
    await refresh(cluster(CALM, THREE), 3);
    expect(await read('/opt/app/conf/servers.conf')).toBe(
      [
        '# the servers of this cluster, this one first',
        'id=1',
        'address=10.0.0.1',
        'level=info',
        'port=2181',
        'server=10.0.0.1',
        'server=10.0.0.2',
        'server=10.0.0.3',
        '',
        '',
      ].join('\n'),
    );
    expect(await run('stat -c %a /opt/app/conf/servers.conf')).toBe('640\n');
    expect(await countReloads()).toBe(1);
  });

  it('does nothing for content that it has applied, whichever task brings it', async () => {
    await refresh(cluster(CALM, THREE));
    expect(await countReloads()).toBe(1);
  });

  it('reloads once for each change that a template sees, and not for one that none sees', async () => {
    await refresh(cluster({ ...CALM, level: 'debug' }, THREE), 2);
    expect(await read('/opt/app/conf/servers.conf')).toContain('level=debug\n');
    expect(await countReloads()).toBe(2);
    await refresh(cluster({ ...CALM, level: 'debug' }, THREE.slice(0, 2)));
    expect(await read('/opt/app/conf/servers.conf')).not.toContain('10.0.0.3');
    expect(await countReloads()).toBe(3);
    const applied = await read('/var/lib/windlass/confd-applied');
    const wrapper = cluster({ ...CALM, level: 'debug' }, THREE.slice(0, 2));
    await refresh({ ...wrapper, cluster: { ...wrapper.cluster, subnetId: 'subnet-9' } });
    expect(await read('/var/lib/windlass/confd-applied')).not.toBe(applied);
    expect(await countReloads()).toBe(3);
  });

  it('fails with the output of the reload command, and is run again until it has worked', async () => {
    await run('touch /opt/app/refuse');
    const changed = cluster({ ...CALM, level: 'warn' }, THREE);
    await expect(refresh(changed)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'NODE_COMMAND_FAILED',
      message: expect.stringContaining('reload refuses'),
    });
    // What runs still has what it has last taken.
    expect(await read('/opt/app/conf/servers.conf')).toContain('level=debug\n');
    await run('rm /opt/app/refuse');
    const before = await countReloads();
    await refresh(changed);
    expect(await read('/opt/app/conf/servers.conf')).toContain('level=warn\n');
    expect(await countReloads()).toBe(before + 1);
  });

  it('reloads what a run that was cut off has changed', async () => {
    await run('touch /opt/app/hang');
    const changed = cluster({ ...CALM, level: 'error' }, THREE);
    const refreshing = refresh(changed);
    await expect.poll(() => read('/opt/app/hangs')).toBe('yes\n');
    expect(await read('/opt/app/conf/servers.conf')).toContain('level=error\n');
    const before = await countReloads();
    await run('rm /opt/app/hang');
    await kit.machines.crash('i-confd');
    await kit.machines.start('i-confd');
    await kit.waitForSshd(target);
    await refreshing;
    expect(await read('/opt/app/conf/servers.conf')).toContain('level=error\n');
    expect(await countReloads()).toBe(before + 1);
  });

  it('applies and reloads again after the node was stopped', async () => {
    const before = await countReloads();
    await kit.machines.stop('i-confd');
    await kit.machines.start('i-confd');
    await kit.waitForSshd(target);
    await run('rm -f /var/lib/windlass/confd-applied /opt/app/conf/servers.conf');
    await refresh(cluster(CALM, THREE));
    expect(await countReloads()).toBe(before + 1);
  });

  it('fills the templates that a whole package brings, on a node without their folders', async () => {
    await run('rm -rf /etc/confd /etc/zookeeper');
    packageFiles = await readPackage(ZOOKEEPER);
    const wrapper = cluster(ZOOKEEPER_ENV, THREE);
    const servers: ClusterWrapper = {
      ...wrapper,
      roles: wrapper.roles.map((role) => ({ ...role, role: 'server' })),
      nodes: wrapper.nodes.map((node) => ({ ...node, role: 'server' })),
    };
    await refresh(servers);
    const lines = (await read('/etc/zookeeper/windlass/zoo.cfg')).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'tickTime=2000',
        'autopurge.snapRetainCount=3',
        'clientPortAddress=10.0.0.1',
        ...THREE.map((ip, index) => `server.${index + 1}=${ip}:2888:3888`),
      ]),
    );
    expect(await read('/etc/zookeeper/windlass/server.env')).toContain('\nmyid=1\n');
    // One server is removed: its metadata is removed.
    await refresh({ ...servers, nodes: servers.nodes.slice(0, 2) });
    expect(await read('/etc/zookeeper/windlass/zoo.cfg')).not.toContain('10.0.0.3');
  });
});

/** As its form fills it in. */
const ZOOKEEPER_ENV = {
  tickTime: '2000',
  initLimit: '10',
  syncLimit: '5',
  maxClientCnxns: '60',
  'autopurge.snapRetainCount': '3',
  'autopurge.purgeInterval': '1',
  client_port: '2181',
  heap_mib: '64',
};

/** As an image brings it: the program, conf.d and templates, and what they reload. */
async function installInto(kit: TestMachines, confd: string): Promise<void> {
  const machine = kit.machines.list()[0];
  if (machine === undefined) throw new Error('no machine');
  const place = (path: string): string => join(machine.root, path);
  mkdirSync(place('usr/local/bin'), { recursive: true });
  mkdirSync(place('opt/app/bin'), { recursive: true });
  mkdirSync(place('opt/app/conf'), { recursive: true });
  copyFileSync(confd, place('usr/local/bin/confd'));
  cpSync(PACKAGE, place('etc/confd'), { recursive: true });
  const reload = [
    '#!/bin/sh',
    'if [ -e /opt/app/refuse ]; then echo "reload refuses" >&2; exit 3; fi',
    'if [ -e /opt/app/hang ]; then echo yes > /opt/app/hangs; sleep 1000; fi',
    'echo reloaded >> /var/log/reloads',
  ];
  writeFileSync(place('opt/app/bin/reload.sh'), `${reload.join('\n')}\n`, { mode: 0o755 });
}
