import { beforeEach, describe, expect, it } from 'vitest';
import {
  WindlassError,
  type ClusterNode,
  type Directive,
  type MetadataTree,
  type TaskAction,
} from '../../../src/domain/index.ts';
import type {
  Capabilities,
  EffectCall,
  JumpHost,
  ObserveCall,
  Provider,
  ProviderHandler,
  TaskContext,
} from '../../../src/provider/index.ts';
import { buildMetadataTree, createVmProvider, type VmEnvironment } from '../../../src/vm/index.ts';
import { capabilities, equalNodes, node, role } from './clusters.ts';
import { createMemoryShell, type MemoryShell } from './memory-shell.ts';

const HOST_KEY = 'ssh-ed25519 AAAAhost';
const CHANGED_HOST_KEY = { privateKey: 'private-half', publicKey: 'ssh-ed25519 AAAAchanged' };
const TOKEN = 'cl-1/cln-node-1/instance/g1';

let shell: MemoryShell;
let handlerCalls: string[];
let effects: string[];
let answer: unknown;

beforeEach(() => {
  shell = createMemoryShell();
  handlerCalls = [];
  effects = [];
  answer = { state: 'done' };
});

/** Every pair remembers that it was called; nothing else is asked of it here. */
const handler = new Proxy(
  {},
  {
    get: (_, name) =>
      name === 'waitFrontgateAvailable'
        ? undefined
        : async () => {
            handlerCalls.push(String(name));
            return answer;
          },
  },
) as ProviderHandler;

function refuse(): never {
  throw new Error('the frame asks nothing of the environment by itself');
}

const environment: VmEnvironment = {
  describeSubnets: refuse,
  describeVpc: refuse,
  checkResource: refuse,
  validateCredential: refuse,
  describeRuntimeProviderZones: refuse,
  updateClusterStatus: refuse,
  describeClusterDetails: refuse,
};

function provider(change: Partial<Capabilities> = {}): Provider {
  return createVmProvider({
    name: 'fake',
    capabilities: capabilities(change),
    handler,
    environment,
    nodes: shell,
  });
}

function effectCall(change: Partial<EffectCall> = {}): EffectCall {
  return {
    signal: new AbortController().signal,
    log: () => {},
    request: async () => {},
    beforeEffect: async (token) => {
      effects.push(`before ${token}`);
    },
    afterEffect: async (token) => {
      effects.push(`after ${token}`);
    },
    ...change,
  };
}

function observeCall(change: Partial<ObserveCall> = {}): ObserveCall {
  return {
    signal: new AbortController().signal,
    log: () => {},
    request: async () => {},
    watchMs: 0,
    cursor: undefined,
    ...change,
  };
}

interface ContextChange {
  readonly node?: Partial<ClusterNode> | null;
  readonly metadata?: MetadataTree | null;
  readonly rootAccess?: boolean;
  /** Whether the package has a template for its nodes. */
  readonly confd?: boolean;
}

const CONFD_FILES = [
  {
    path: 'node/etc/confd/conf.d/app.toml',
    content: new TextEncoder().encode(
      '[template]\nsrc = "app.tmpl"\ndest = "/etc/app.conf"\nkeys = ["/cluster"]\n',
    ),
    mode: 0o644,
  },
  {
    path: 'node/etc/confd/templates/app.tmpl',
    content: new TextEncoder().encode('cluster {{getv "/cluster/cluster_id"}}\n'),
    mode: 0o644,
  },
];

function context(action: TaskAction, directive: Directive = {}, change: ContextChange = {}): TaskContext {
  const wrapper = equalNodes('active', 'active');
  const taskNode = node('', 1, {
    privateIp: '10.0.0.1',
    ssh: { port: 2222, user: 'root', hostKey: '', root: '' },
    ...change.node,
  });
  const ofNode = change.node !== null;
  return {
    task: {
      taskId: 'job-1.3.0',
      jobId: 'job-1',
      clusterId: 'cl-1',
      layerIndex: 3,
      index: 0,
      status: 'working',
      failures: 0,
      observation: null,
      error: null,
      startedAt: null,
      endedAt: null,
      action,
      nodeId: ofNode ? taskNode.nodeId : null,
      label: 'node 1',
      directive,
      resources: [],
      failureAllowed: false,
      timeoutSeconds: 600,
    },
    job: {
      jobId: 'job-1',
      clusterId: 'cl-1',
      runtimeId: 'rt-1',
      action: 'create',
      status: 'working',
      options: {},
      requestedBy: 'somebody',
      startedAt: '2026-01-01T00:00:00Z',
      closedAt: null,
      error: null,
    },
    runtime: {
      runtimeId: 'rt-1',
      name: 'here',
      provider: 'fake',
      url: '',
      zone: 'z1',
      settings: {},
      account: 'a',
      region: 'r',
      createdAt: '2026-01-01T00:00:00Z',
    },
    credential: {},
    cluster: { ...wrapper.cluster, metadataRootAccess: change.rootAccess === true },
    node: ofNode ? taskNode : null,
    role: ofNode ? role('') : null,
    access: ofNode
      ? { authorizedKey: 'a', clientPrivateKey: 'client', hostPrivateKey: 'h', hostPublicKey: HOST_KEY }
      : null,
    resources: {
      instance: {
        token: TOKEN,
        clusterId: 'cl-1',
        nodeId: taskNode.nodeId,
        kind: 'instance',
        generation: 1,
        specHash: '',
        cloudId: 'i-1',
        state: 'made',
        attributes: {},
      },
    },
    loadCluster: async () => wrapper,
    loadPackage: async () => ({
      versionId: 'appv-1',
      files: [
        { path: 'config.json', content: new Uint8Array(), mode: 0o644 },
        { path: 'node/start.sh', content: new TextEncoder().encode('exec app'), mode: 0o755 },
        ...(change.confd === true ? CONFD_FILES : []),
      ],
    }),
    loadMetadata: async () => (change.metadata === undefined ? buildMetadataTree(wrapper) : change.metadata),
    loadRelatedMetadata: async () => [],
    openSecret: async () => 'opened',
    loadChangedHostKey: async () => CHANGED_HOST_KEY,
    loadSecretValues: async () => ['hunter2'],
  };
}

const startService: Directive = {
  service: 'start',
  command: '/opt/app/start.sh',
  commandTimeoutSeconds: 30,
  idempotent: false,
};

describe('cloud tasks', () => {
  it.each([
    ['RunInstances', 'runInstances', 'waitRunInstances'],
    ['StopInstances', 'stopInstances', 'waitStopInstances'],
    ['StartInstances', 'startInstances', 'waitStartInstances'],
    ['DeleteInstances', 'deleteInstances', 'waitDeleteInstances'],
    ['ResizeInstances', 'resizeInstances', 'waitResizeInstances'],
    ['CreateVolumes', 'createVolumes', 'waitCreateVolumes'],
    ['AttachVolumes', 'attachVolumes', 'waitAttachVolumes'],
    ['DetachVolumes', 'detachVolumes', 'waitDetachVolumes'],
    ['DeleteVolumes', 'deleteVolumes', 'waitDeleteVolumes'],
    ['ResizeVolumes', 'resizeVolumes', 'waitResizeVolumes'],
  ] as const)('%s goes to its pair', async (action, handle, wait) => {
    await provider().handleSubtask(context(action), effectCall());
    await provider().waitSubtask(context(action), observeCall());
    expect(handlerCalls).toEqual([handle, wait]);
  });

  it.each([
    ['StopInstances', 'instance', { state: 'done' }],
    ['DeleteInstances', 'instance', { state: 'done', changes: { node: { status: 'deleted' } } }],
    ['DetachVolumes', 'volume-0', { state: 'done' }],
    ['DeleteVolumes', 'volume-0', { state: 'done' }],
  ] as const)(
    '%s of what was never begun is done at once, and asks no cloud',
    async (action, kind, result) => {
      const begun = context(action);
      const never = {
        ...begun,
        task: { ...begun.task, resources: [{ kind, intent: 'use' as const }] },
        resources: {},
      };
      await expect(provider().handleSubtask(never, effectCall())).resolves.toEqual(result);
      expect(handlerCalls).toEqual([]);
    },
  );

  it('without a node are a defect, and reach no cloud', async () => {
    const call = provider().handleSubtask(context('RunInstances', {}, { node: null }), effectCall());
    await expect(call).rejects.toMatchObject({ kind: 'internal', code: 'TASK_WITHOUT_NODE' });
    expect(handlerCalls).toEqual([]);
  });

  it('of an action that the frame does not know are refused', async () => {
    await expect(provider().handleSubtask(context('SelectNode'), effectCall())).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'ACTION_NOT_SUPPORTED',
    });
  });

  it('that were cancelled before they began do nothing', async () => {
    const signal = AbortSignal.abort();
    const fake = provider();
    await expect(fake.handleSubtask(context('RunInstances'), effectCall({ signal }))).rejects.toMatchObject({
      kind: 'cancelled',
    });
    await expect(fake.waitSubtask(context('RunInstances'), observeCall({ signal }))).rejects.toMatchObject({
      kind: 'cancelled',
    });
    expect(handlerCalls).toEqual([]);
  });
});

describe('the frontgate', () => {
  const jumpHost: JumpHost = {
    clusterId: 'fg-1',
    host: '203.0.113.7',
    port: 22,
    user: 'root',
    hostPublicKey: HOST_KEY,
    clientPrivateKey: 'client of the frontgate',
  };
  const wait = (
    nodeAccess: Capabilities['nodeAccess'],
    known: JumpHost | null = jumpHost,
  ): Promise<unknown> =>
    provider({ nodeAccess }).waitSubtask(
      {
        ...context('FrontgateAvailable', {}, { node: null }),
        ...(known === null ? {} : { jumpHost: known }),
      },
      observeCall(),
    );

  it('is there at once where nodes are reached directly', async () => {
    await expect(wait('direct')).resolves.toEqual({ state: 'done' });
  });

  it('is waited for while there is none, or its sshd does not answer', async () => {
    await expect(wait('frontgate', null)).resolves.toMatchObject({ state: 'pending' });
    shell.pingError = new WindlassError('unavailable', 'it boots', { code: 'NODE_UNREACHABLE' });
    await expect(wait('frontgate')).resolves.toEqual({
      state: 'pending',
      seen: 'frontgate fg-1: it boots',
    });
  });

  it('is there when its sshd answers, and refused when another machine does', async () => {
    await expect(wait('frontgate')).resolves.toEqual({ state: 'done' });
    expect(shell.targets).toEqual([
      {
        host: '203.0.113.7',
        port: 22,
        user: 'root',
        hostKey: HOST_KEY,
        privateKey: 'client of the frontgate',
        root: '',
      },
    ]);
    shell.pingError = new WindlassError('permission', 'another key', { code: 'NODE_HOST_KEY' });
    await expect(wait('frontgate')).rejects.toMatchObject({ code: 'NODE_HOST_KEY' });
  });
});

describe('services', () => {
  it('are started once under the task’s key, with nothing but the root in their environment', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const result = await provider().handleSubtask(context('StartService', startService), effectCall());
      expect(result).toEqual({ state: 'started' });
    }
    expect(shell.started).toEqual([
      { key: 'job-1.3.0.g1', command: '/opt/app/start.sh', timeoutSeconds: 30, env: { WINDLASS_ROOT: '' } },
    ]);
    expect(shell.targets[0]).toEqual({
      host: '10.0.0.1',
      port: 2222,
      user: 'root',
      hostKey: HOST_KEY,
      privateKey: 'client',
      root: '',
    });
  });

  it('start nothing when the lease of the instance is lost', async () => {
    const lost = effectCall({
      beforeEffect: async () => {
        throw new WindlassError('conflict', 'lost', { code: 'LEASE_LOST' });
      },
    });
    await expect(provider().handleSubtask(context('StartService', startService), lost)).rejects.toMatchObject(
      {
        code: 'LEASE_LOST',
      },
    );
    expect(shell.started).toEqual([]);
  });

  it('name their token before and after the effect', async () => {
    await provider().handleSubtask(context('StartService', startService), effectCall());
    expect(effects).toEqual([`before ${TOKEN}`, `after ${TOKEN}`]);
  });

  const look = (directive: Directive = startService): Promise<unknown> =>
    provider().waitSubtask(context('StartService', directive), observeCall());

  it('say how long they run and what they said last', async () => {
    await provider().handleSubtask(context('StartService', startService), effectCall());
    await expect(look()).resolves.toEqual({
      state: 'pending',
      seen: 'start service runs for 12 s: waiting for a leader',
    });
    expect(shell.maskedWith).toEqual(['hunter2']);
  });

  it('that end with 0 are done', async () => {
    shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 0, output: '' });
    await expect(look()).resolves.toEqual({ state: 'done' });
  });

  it('that end otherwise fail with their exit code, node and last output', async () => {
    shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 7, output: 'one\n\nno space left\n' });
    await expect(look()).rejects.toMatchObject({
      kind: 'conflict',
      code: 'SERVICE_FAILED',
      message:
        'start service on node 1 (cln-node-1) ended with exit code 7; its last output:\none\nno space left',
    });
  });

  it('that strike their limit time out', async () => {
    shell.states.set('job-1.3.0.g1', { state: 'timed-out', output: 'still waiting\n' });
    await expect(look()).rejects.toMatchObject({
      kind: 'timeout',
      code: 'SERVICE_TIMEOUT',
      message: expect.stringMatching(/limit of 30 s[^]*still waiting/),
    });
  });

  it('whose outcome nobody knows are not run again by themselves', async () => {
    shell.states.set('job-1.3.0.g1', { state: 'unknown', output: 'half\n' });
    await expect(look()).rejects.toMatchObject({ kind: 'conflict', code: 'COMMAND_OUTCOME_UNKNOWN' });
    expect(shell.started).toEqual([]);
  });

  it('that are idempotent are started again, once, under a new key, by any number of looks', async () => {
    shell.states.set('job-1.3.0.g1', { state: 'unknown', output: '' });
    const idempotent = { ...startService, idempotent: true };
    await expect(look(idempotent)).resolves.toMatchObject({ state: 'pending' });
    await expect(look(idempotent)).resolves.toMatchObject({ state: 'pending' });
    expect(shell.started.map((command) => command.key)).toEqual(['job-1.3.0.g2']);
    shell.states.set('job-1.3.0.g2', { state: 'exited', exitCode: 0, output: '' });
    await expect(look(idempotent)).resolves.toEqual({ state: 'done' });
  });

  it('that are idempotent are not started for ever', async () => {
    for (let generation = 1; generation <= 9; generation += 1) {
      shell.states.set(`job-1.3.0.g${generation}`, { state: 'unknown', output: '' });
    }
    await expect(look({ ...startService, idempotent: true })).rejects.toMatchObject({
      code: 'COMMAND_OUTCOME_UNKNOWN',
      message: expect.stringContaining('started 5 times'),
    });
    expect(shell.started).toHaveLength(4);
  });

  it('on a node that never had an address fail at once', async () => {
    const call = provider().handleSubtask(
      context('StartService', startService, { node: { privateIp: '' } }),
      effectCall(),
    );
    await expect(call).rejects.toMatchObject({ kind: 'conflict', code: 'NODE_WITHOUT_ADDRESS' });
  });
});

describe('PrepareNode', () => {
  const look = (hostKey = HOST_KEY, root = ''): Promise<unknown> =>
    provider().waitSubtask(
      context('PrepareNode', {}, { node: { ssh: { port: 2222, user: 'root', hostKey, root } } }),
      observeCall(),
    );
  const changed = {
    state: 'done',
    changes: { node: { ssh: { port: 2222, user: 'root', hostKey: CHANGED_HOST_KEY.publicKey, root: '' } } },
  };

  it('is pending while sshd does not answer, and changes the host key when it does', async () => {
    shell.pingError = new WindlassError('unavailable', 'connection refused', { code: 'NODE_UNREACHABLE' });
    await expect(look()).resolves.toEqual({
      state: 'pending',
      seen: 'sshd at 10.0.0.1:2222 does not answer yet: connection refused',
    });
    expect(shell.ran).toEqual([]);
    shell.pingError = null;
    await expect(look()).resolves.toEqual(changed);
    expect(shell.targets.map(({ hostKey }) => hostKey)).toEqual([
      HOST_KEY,
      HOST_KEY,
      CHANGED_HOST_KEY.publicKey,
    ]);
    expect(shell.ran).toHaveLength(1);
    // In no argument of a process: on standard input alone.
    expect(shell.ran[0]).not.toContain(CHANGED_HOST_KEY.privateKey);
    expect(shell.inputs).toEqual([`${CHANGED_HOST_KEY.privateKey}\n`]);
  });

  it('waits for an sshd that was told of its new key and still shows the old one', async () => {
    shell.shownHostKey = HOST_KEY;
    await expect(look()).resolves.toMatchObject({
      state: 'pending',
      seen: expect.stringContaining('new host key'),
    });
  });

  it('records the change of a try that died before it could', async () => {
    shell.shownHostKey = CHANGED_HOST_KEY.publicKey;
    await expect(look()).resolves.toEqual(changed);
    expect(shell.ran).toEqual([]);
  });

  it('takes the changed key alone once it is recorded', async () => {
    await expect(look(CHANGED_HOST_KEY.publicKey)).resolves.toEqual({ state: 'done' });
    expect(shell.ran).toEqual([]);
    shell.shownHostKey = HOST_KEY;
    await expect(look(CHANGED_HOST_KEY.publicKey)).rejects.toMatchObject({ code: 'NODE_HOST_KEY' });
    expect(shell.ran).toEqual([]);
  });

  it('changes nothing on a node that shares its machine', async () => {
    await expect(look(HOST_KEY, '/world/i-1')).resolves.toEqual({ state: 'done' });
    expect(shell.ran).toEqual([]);
  });

  it('fails for a host key that is neither of the node’s', async () => {
    shell.shownHostKey = 'ssh-ed25519 AAAAstranger';
    await expect(look()).rejects.toMatchObject({ kind: 'permission', code: 'NODE_HOST_KEY' });
    expect(shell.ran).toEqual([]);
  });
});

describe('the host key of an instance', () => {
  const ssh = { port: 22, user: 'root', hostKey: 'whatever the handler says', root: '' };
  const node = { ssh: { ...ssh, hostKey: CHANGED_HOST_KEY.publicKey } };

  it('is that of its user-data when it was run, and the changed one when it was started', async () => {
    answer = { state: 'done', changes: { node: { ssh } } };
    await expect(
      provider().waitSubtask(context('RunInstances', {}, { node }), observeCall()),
    ).resolves.toEqual({
      state: 'done',
      changes: { node: { ssh: { ...ssh, hostKey: HOST_KEY } } },
    });
    await expect(
      provider().waitSubtask(context('StartInstances', {}, { node }), observeCall()),
    ).resolves.toEqual({
      state: 'done',
      changes: { node },
    });
  });
});

describe('volumes', () => {
  const directive: Directive = {
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
    await provider().handleSubtask(context('GrowFilesystems', directive, { node: attached }), effectCall());
    expect(shell.started[0]?.command).toContain("grow_mounted '/dev/vdx' '/data' 1");
  });

  it('are mounted under the runner, from the device that attaching reported', async () => {
    const attached = {
      volumes: [{ index: 0, volumeId: 'v', sizeGiB: 1, device: '/dev/vdx', mountPoint: '/data' }],
    };
    await provider().handleSubtask(
      context('FormatAndMountVolumes', directive, { node: attached }),
      effectCall(),
    );
    expect(shell.started[0]?.command).toContain("mount_volume '/dev/vdx' '/data' 'ext4' 'defaults'");
  });

  it('that are not attached are never mounted', async () => {
    const call = provider().handleSubtask(context('FormatAndMountVolumes', directive), effectCall());
    await expect(call).rejects.toMatchObject({ kind: 'conflict', code: 'VOLUME_NOT_ATTACHED' });
  });

  it('that fail to mount are no failure of a service', async () => {
    shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 1, output: 'no filesystem\n' });
    const attached = {
      volumes: [{ index: 0, volumeId: 'v', sizeGiB: 1, device: '/dev/vdx', mountPoint: '/data' }],
    };
    const look = provider().waitSubtask(
      context('FormatAndMountVolumes', directive, { node: attached }),
      observeCall(),
    );
    await expect(look).rejects.toMatchObject({ code: 'NODE_COMMAND_FAILED' });
  });
});

describe('metadata and configuration', () => {
  it('registers the tree of the cluster as it is, and removes it', async () => {
    const registered = await provider().handleSubtask(
      context('RegisterMetadata', {}, { node: null }),
      effectCall(),
    );
    expect(registered).toMatchObject({
      state: 'done',
      changes: { metadata: { cluster: { cluster_id: 'cl-1' } } },
    });
    const removed = await provider().handleSubtask(
      context('DeregisterMetadata', {}, { node: null }),
      effectCall(),
    );
    expect(removed).toEqual({ state: 'done', changes: { metadata: null } });
  });

  it('writes metadata for its owner alone, and the package’s files where asked', async () => {
    await provider().handleSubtask(context('RefreshConfiguration', { packageFiles: true }), effectCall());
    expect([...shell.files].map(([path, file]) => `${path} ${file.mode.toString(8)}`).sort()).toEqual([
      '/etc/windlass/metadata.json 600',
      '/opt/windlass/app/start.sh 755',
    ]);
    shell.files.clear();
    await provider().handleSubtask(context('RefreshConfiguration', { packageFiles: false }), effectCall());
    expect(shell.files.has('/opt/windlass/app/start.sh')).toBe(false);
  });

  it('runs confd only where its content is not applied yet, with the prefix that packages expect', async () => {
    const answers = (stale: string) => (command: string) =>
      command.includes('command -v confd') ? 'yes\n' : stale;
    shell.answer = answers('current\n');
    const refresh = (rootAccess: boolean): Promise<unknown> =>
      provider().handleSubtask(context('RefreshConfiguration', {}, { rootAccess }), effectCall());
    await expect(refresh(false)).resolves.toEqual({ state: 'done' });
    expect(shell.started).toEqual([]);
    shell.answer = answers('stale\n');
    await expect(refresh(false)).resolves.toEqual({ state: 'started' });
    expect(shell.started[0]?.command).toContain("-prefix '/self'");
    shell.started.length = 0;
    await refresh(true);
    expect(shell.started[0]?.command).toContain("-prefix '/'");
  });

  it('gives a node that has confd the package’s templates, and renders them for one that has none', async () => {
    const withConfd = context('RefreshConfiguration', {}, { confd: true });
    shell.answer = (command) => (command.includes('command -v confd') ? 'yes' : 'current');
    await provider().handleSubtask(withConfd, effectCall());
    expect([...shell.files.keys()].sort()).toEqual([
      '/etc/confd/conf.d/app.toml',
      '/etc/confd/templates/app.tmpl',
      '/etc/windlass/metadata.json',
    ]);
    shell.files.clear();
    shell.answer = (command) => (command.includes('command -v confd') ? 'no' : 'stale');
    await expect(provider().handleSubtask(withConfd, effectCall())).resolves.toEqual({ state: 'started' });
    const staged = [...shell.files.values()].filter(({ path }) => path.startsWith('/var/lib/windlass/'));
    expect(staged.map(({ content, mode }) => [Buffer.from(content).toString(), mode.toString(8)])).toEqual([
      ['cluster cl-1\n', '600'],
    ]);
    expect(shell.started[0]?.command).toContain("'/etc/app.conf'");
  });

  it('never runs confd on a node that shares a file system with others', async () => {
    shell.answer = 'yes\n';
    const ssh = { port: 22, user: 'me', hostKey: '', root: '/world/i-1' };
    const call = provider().handleSubtask(
      context('RefreshConfiguration', {}, { node: { ssh } }),
      effectCall(),
    );
    await expect(call).resolves.toEqual({ state: 'done' });
    expect(shell.started).toEqual([]);
    expect(shell.ran).toEqual([]);
  });

  it('cannot be refreshed before metadata is registered', async () => {
    const call = provider().handleSubtask(
      context('RefreshConfiguration', {}, { metadata: null }),
      effectCall(),
    );
    await expect(call).rejects.toMatchObject({ kind: 'conflict', code: 'METADATA_MISSING' });
  });

  it('keeps the token that the custom metadata command printed', async () => {
    const directive = { command: 'make-token # secret', commandTimeoutSeconds: 60, idempotent: false };
    await provider().handleSubtask(context('RegisterCustomMetadata', directive), effectCall());
    shell.states.set('job-1.3.0.g1', { state: 'exited', exitCode: 0, output: '' });
    shell.answer = 'token-1\n';
    await expect(
      provider().waitSubtask(context('RegisterCustomMetadata', directive), observeCall()),
    ).resolves.toEqual({ state: 'done', changes: { node: { customToken: 'token-1' } } });
  });
});
