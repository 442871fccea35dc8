import { beforeEach, describe, expect, it } from 'vitest';
import { WindlassError, type MountDirective } from '../../../src/domain/index.ts';
import { createTestObserveCall } from '../../kit/test-calls.ts';
import { CHANGED_HOST_KEY, context, createVmBench, HOST_KEY, type VmBench } from './vm-bench.ts';

let bench: VmBench;

beforeEach(() => {
  bench = createVmBench();
});

describe('PrepareNode', () => {
  const look = (hostKey = HOST_KEY, root = ''): Promise<unknown> =>
    bench
      .provider()
      .waitSubtask(
        context('PrepareNode', {}, { node: { ssh: { port: 2222, user: 'root', hostKey, root } } }),
        createTestObserveCall(),
      );
  const changed = {
    state: 'done',
    changes: { node: { ssh: { port: 2222, user: 'root', hostKey: CHANGED_HOST_KEY.publicKey, root: '' } } },
  };

  it('is pending while sshd does not answer, and changes the host key when it does', async () => {
    bench.shell.pingError = new WindlassError('unavailable', 'connection refused', {
      code: 'NODE_UNREACHABLE',
    });
    await expect(look()).resolves.toEqual({
      state: 'pending',
      seen: 'sshd at 10.0.0.1:2222 does not answer yet: connection refused',
    });
    expect(bench.shell.ran).toEqual([]);
    bench.shell.pingError = null;
    await expect(look()).resolves.toEqual(changed);
    expect(bench.shell.targets.map(({ hostKey }) => hostKey)).toEqual([
      HOST_KEY,
      HOST_KEY,
      CHANGED_HOST_KEY.publicKey,
    ]);
    expect(bench.shell.ran).toHaveLength(1);
    // In no argument of a process: on standard input alone.
    expect(bench.shell.ran[0]).not.toContain(CHANGED_HOST_KEY.privateKey);
    expect(bench.shell.inputs).toEqual([`${CHANGED_HOST_KEY.privateKey}\n`]);
  });

  it('waits for an sshd that was told of its new key and still shows the old one', async () => {
    bench.shell.shownHostKey = HOST_KEY;
    await expect(look()).resolves.toMatchObject({
      state: 'pending',
      seen: expect.stringContaining('new host key'),
    });
  });

  it('records the change of a try that died before it could', async () => {
    bench.shell.shownHostKey = CHANGED_HOST_KEY.publicKey;
    await expect(look()).resolves.toEqual(changed);
    expect(bench.shell.ran).toEqual([]);
  });

  it('takes the changed key alone once it is recorded', async () => {
    await expect(look(CHANGED_HOST_KEY.publicKey)).resolves.toEqual({ state: 'done' });
    expect(bench.shell.ran).toEqual([]);
    bench.shell.shownHostKey = HOST_KEY;
    await expect(look(CHANGED_HOST_KEY.publicKey)).rejects.toMatchObject({ code: 'NODE_HOST_KEY' });
    expect(bench.shell.ran).toEqual([]);
  });

  it('changes nothing on a node that shares its machine', async () => {
    await expect(look(HOST_KEY, '/machines/i-1')).resolves.toEqual({ state: 'done' });
    expect(bench.shell.ran).toEqual([]);
  });

  it('fails for a host key that is neither of the node’s', async () => {
    bench.shell.shownHostKey = 'ssh-ed25519 AAAAstranger';
    await expect(look()).rejects.toMatchObject({ kind: 'permission', code: 'NODE_HOST_KEY' });
    expect(bench.shell.ran).toEqual([]);
  });
});

describe('volumes', () => {
  const directive: MountDirective = {
    volumes: [
      {
        index: 0,
        sizeGiB: 1,
        volumeClass: 0,
        mountPoint: '/data',
        mountOptions: 'defaults',
        filesystem: 'ext4',
      },
    ],
    format: true,
  };

  it('are grown under the runner, to the sizes of the task', async () => {
    const attached = {
      volumes: [{ index: 0, volumeId: 'v', sizeGiB: 1, device: '/dev/vdx', mountPoint: '/data' }],
    };
    await bench
      .provider()
      .handleSubtask(context('GrowFilesystems', directive, { node: attached }), bench.effectCall());
    expect(bench.shell.started[0]?.command).toContain("grow_mounted '/dev/vdx' '/data' 1");
  });

  it('are mounted under the runner, from the device that attaching reported', async () => {
    const attached = {
      volumes: [{ index: 0, volumeId: 'v', sizeGiB: 1, device: '/dev/vdx', mountPoint: '/data' }],
    };
    await bench
      .provider()
      .handleSubtask(context('FormatAndMountVolumes', directive, { node: attached }), bench.effectCall());
    expect(bench.shell.started[0]?.command).toContain("mount_volume '/dev/vdx' '/data' 'ext4' 'defaults'");
  });

  it('that are not attached are never mounted', async () => {
    const call = bench
      .provider()
      .handleSubtask(context('FormatAndMountVolumes', directive), bench.effectCall());
    await expect(call).rejects.toMatchObject({ kind: 'conflict', code: 'VOLUME_NOT_ATTACHED' });
  });

  it('that fail to mount are no failure of a service', async () => {
    bench.shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 1, output: 'no filesystem\n' });
    const attached = {
      volumes: [{ index: 0, volumeId: 'v', sizeGiB: 1, device: '/dev/vdx', mountPoint: '/data' }],
    };
    const look = bench
      .provider()
      .waitSubtask(context('FormatAndMountVolumes', directive, { node: attached }), createTestObserveCall());
    await expect(look).rejects.toMatchObject({ code: 'NODE_COMMAND_FAILED' });
  });
});

describe('metadata and configuration', () => {
  it('registers the tree of the cluster as it is, and removes it', async () => {
    const registered = await bench
      .provider()
      .handleSubtask(context('RegisterMetadata', {}, { node: null }), bench.effectCall());
    expect(registered).toMatchObject({
      state: 'done',
      changes: { metadata: { cluster: { cluster_id: 'cl-1' } } },
    });
    const removed = await bench
      .provider()
      .handleSubtask(context('DeregisterMetadata', {}, { node: null }), bench.effectCall());
    expect(removed).toEqual({ state: 'done', changes: { metadata: null } });
  });

  it('registers the hosts that join and leave, and the roles that are resized, as the plan says', async () => {
    const directive = {
      addingHosts: ['cln-node-2'],
      deletingHosts: ['cln-node-3'],
      verticalScalingRoles: ['web', 'log'],
    };
    const registered = await bench
      .provider()
      .handleSubtask(context('RegisterMetadata', directive, { node: null }), bench.effectCall());
    expect(registered).toMatchObject({
      changes: {
        metadata: {
          'adding-hosts': { 'cln-node-2': { sid: '2' } },
          'deleting-hosts': { 'cln-node-3': { sid: '3' } },
          'vertical-scaling-roles': 'web,log',
        },
      },
    });
    const { changes } = registered;
    expect(Object.keys(changes?.metadata?.['adding-hosts'] ?? {})).toEqual(['cln-node-2']);
  });

  it('writes metadata for its owner alone, and the package’s files where asked', async () => {
    await bench
      .provider()
      .handleSubtask(context('RefreshConfiguration', { packageFiles: true }), bench.effectCall());
    expect([...bench.shell.files].map(([path, file]) => `${path} ${file.mode.toString(8)}`).sort()).toEqual([
      '/etc/windlass/metadata.json 600',
      '/opt/windlass/app/start.sh 755',
    ]);
    bench.shell.files.clear();
    await bench
      .provider()
      .handleSubtask(context('RefreshConfiguration', { packageFiles: false }), bench.effectCall());
    expect(bench.shell.files.has('/opt/windlass/app/start.sh')).toBe(false);
  });

  it('runs confd only where its content is not applied yet, with the prefix that packages expect', async () => {
    const answers = (stale: string) => (command: string) =>
      command.includes('command -v confd') ? 'yes\n' : stale;
    bench.shell.answer = answers('current\n');
    const refresh = (rootAccess: boolean): Promise<unknown> =>
      bench.provider().handleSubtask(context('RefreshConfiguration', {}, { rootAccess }), bench.effectCall());
    await expect(refresh(false)).resolves.toEqual({ state: 'done' });
    expect(bench.shell.started).toEqual([]);
    bench.shell.answer = answers('stale\n');
    await expect(refresh(false)).resolves.toEqual({ state: 'started' });
    expect(bench.shell.started[0]?.command).toContain("-prefix '/self'");
    bench.shell.started.length = 0;
    await refresh(true);
    expect(bench.shell.started[0]?.command).toContain("-prefix '/'");
  });

  it('gives a node that has confd the package’s templates, and renders them for one that has none', async () => {
    const withConfd = context('RefreshConfiguration', {}, { confd: true });
    bench.shell.answer = (command) => (command.includes('command -v confd') ? 'yes' : 'current');
    await bench.provider().handleSubtask(withConfd, bench.effectCall());
    expect([...bench.shell.files.keys()].sort()).toEqual([
      '/etc/confd/conf.d/app.toml',
      '/etc/confd/templates/app.tmpl',
      '/etc/windlass/metadata.json',
    ]);
    bench.shell.files.clear();
    bench.shell.answer = (command) => (command.includes('command -v confd') ? 'no' : 'stale');
    await expect(bench.provider().handleSubtask(withConfd, bench.effectCall())).resolves.toEqual({
      state: 'started',
    });
    const staged = [...bench.shell.files.values()].filter(({ path }) =>
      path.startsWith('/var/lib/windlass/'),
    );
    expect(staged.map(({ content, mode }) => [Buffer.from(content).toString(), mode.toString(8)])).toEqual([
      ['cluster cl-1\n', '600'],
    ]);
    expect(bench.shell.started[0]?.command).toContain("'/etc/app.conf'");
  });

  it('never runs confd on a node that shares a file system with others', async () => {
    bench.shell.answer = 'yes\n';
    const ssh = { port: 22, user: 'me', hostKey: '', root: '/machines/i-1' };
    const call = bench
      .provider()
      .handleSubtask(context('RefreshConfiguration', {}, { node: { ssh } }), bench.effectCall());
    await expect(call).resolves.toEqual({ state: 'done' });
    expect(bench.shell.started).toEqual([]);
    expect(bench.shell.ran).toEqual([]);
  });

  it('cannot be refreshed before metadata is registered', async () => {
    const call = bench
      .provider()
      .handleSubtask(context('RefreshConfiguration', {}, { metadata: null }), bench.effectCall());
    await expect(call).rejects.toMatchObject({ kind: 'conflict', code: 'METADATA_MISSING' });
  });

  it('keeps the token that the custom metadata command printed', async () => {
    const directive = { command: 'make-token # secret', commandTimeoutSeconds: 60, idempotent: false };
    await bench.provider().handleSubtask(context('RegisterCustomMetadata', directive), bench.effectCall());
    bench.shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 0, output: '' });
    bench.shell.answer = 'token-1\n';
    await expect(
      bench.provider().waitSubtask(context('RegisterCustomMetadata', directive), createTestObserveCall()),
    ).resolves.toEqual({ state: 'done', changes: { node: { customToken: 'token-1' } } });
  });
});
