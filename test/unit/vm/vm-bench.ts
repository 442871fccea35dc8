import type { ClusterNode, MetadataTree, Task, TaskAction } from '../../../src/domain/index.ts';
import type {
  Features,
  EffectCall,
  Provider,
  ProviderHandler,
  TaskContext,
} from '../../../src/provider/index.ts';
import { buildMetadataTree, createVmProvider, type VmEnvironment } from '../../../src/vm/index.ts';
import { createTestEffectCall, type EffectSteps } from '../../kit/test-calls.ts';
import { equalNodes, features, node, role, RUNTIME } from './clusters.ts';
import type { NodeShell } from '../../../src/nodes/index.ts';
import { createMemoryShell, type MemoryShell } from './memory-shell.ts';

export const HOST_KEY = 'ssh-ed25519 AAAAhost';
export const CHANGED_HOST_KEY = { privateKey: 'private-half', publicKey: 'ssh-ed25519 AAAAchanged' };
export const TOKEN = 'cl-1/cln-node-1/instance/g1';

/** A provider of the frame over a handler and nodes that remember what was asked of them. */
export interface VmBench {
  readonly shell: MemoryShell;
  /** The functions of the handler that were called. */
  readonly handlerCalls: string[];
  /** `before TOKEN`, `after TOKEN` */
  readonly effects: string[];
  /** What every function of the handler answers. */
  answer: unknown;
  provider(change?: Partial<Features>): Provider;
  effectCall(disturbed?: EffectSteps): EffectCall;
}

/** @param nodes what reaches the nodes; the bench's own shell where it is left out */
export function createVmBench(nodes?: NodeShell): VmBench {
  const shell = createMemoryShell();
  const handlerCalls: string[] = [];
  const effects: string[] = [];
  /** Every pair remembers that it was called; nothing else is asked of it here. */
  const handler = new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'waitFrontgateAvailable'
          ? undefined
          : async () => {
              handlerCalls.push(String(name));
              return bench.answer;
            },
    },
  ) as ProviderHandler;
  const bench: VmBench = {
    shell,
    handlerCalls,
    effects,
    answer: { state: 'done' },
    provider: (change = {}) =>
      createVmProvider({
        name: 'fake',
        features: features(change),
        handler,
        environment,
        nodes: nodes ?? shell,
      }),
    effectCall: (disturbed = {}) =>
      createTestEffectCall({
        ...disturbed,
        async assertHeld(token) {
          await disturbed.assertHeld?.(token);
          effects.push(`before ${token}`);
        },
        async afterEffect(token) {
          effects.push(`after ${token}`);
        },
      }),
  };
  return bench;
}

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

export interface ContextChange {
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

export function context(action: TaskAction, directive: object = {}, change: ContextChange = {}): TaskContext {
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
      lane: null,
      status: 'working',
      round: 0,
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
      // Tests leave out what their task does not read.
    } as unknown as Task,
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
      held: null,
    },
    runtime: RUNTIME,
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
        spec: {},
        madeByJob: 't',
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
