import { WindlassError } from '../../src/domain/index.ts';
import type { Trait } from '../../src/conformance/index.ts';
import type { NodeTaskContext, Observation } from '../../src/provider/index.ts';
import type { TaskAction } from '../../src/domain/index.ts';
import type { MemoryBug } from '../fakes/memory-harness.ts';

/** One fault of a provider, and the test of the suite that must notice it. */
export interface PlantedBug {
  readonly name: string;
  readonly bug: MemoryBug;
  /** The test in which it is found; all others would only take longer. */
  readonly traits: readonly Trait[];
  readonly actions: readonly TaskAction[];
  /** In the name of a test that goes red. */
  readonly red: string;
  /** In what that test says. */
  readonly says: string;
}

type Done = Extract<Observation, { state: 'done' }>;
type Node = NonNullable<NonNullable<Done['changes']>['node']>;

/** The node that a wait reports, changed. */
function report(observation: Observation, change: (node: Node) => Node): Observation {
  if (observation.state !== 'done' || observation.changes?.node === undefined) return observation;
  return { ...observation, changes: { ...observation.changes, node: change(observation.changes.node) } };
}

const RUN: Pick<PlantedBug, 'traits' | 'actions' | 'red'> = {
  traits: ['works'],
  actions: ['RunInstances'],
  red: 'RunInstances: works',
};
const ATTACH: typeof RUN = { traits: ['works'], actions: ['AttachVolumes'], red: 'AttachVolumes: works' };
const CANCEL: typeof RUN = {
  traits: ['cancellable'],
  actions: ['RunInstances'],
  red: 'ends soon when it is cancelled',
};

const REFUSED: typeof RUN = {
  traits: ['refused'],
  actions: ['RunInstances'],
  red: 'R8 RunInstances: each effect that is refused',
};

/** The provider with something done about each error of its runInstances. */
function onError(change: (error: WindlassError, context: NodeTaskContext) => WindlassError): MemoryBug {
  return {
    handler: (careful) => ({
      async runInstances(context, call) {
        try {
          return await careful.runInstances(context, call);
        } catch (error) {
          throw WindlassError.isInstance(error) ? change(error, context) : error;
        }
      },
    }),
  };
}

/** A plan of stop for the first node only, whichever that is. */
const STOPS_ONE_NODE: MemoryBug = {
  provider: (careful) => ({
    ...careful,
    splitJobIntoTasks: ({ cluster, ...request }) =>
      careful.splitJobIntoTasks({
        ...request,
        cluster: request.job.action === 'stop' ? { ...cluster, nodes: cluster.nodes.slice(0, 1) } : cluster,
      }),
  }),
};

const LOST_RESIZE: typeof RUN = {
  traits: ['lost-node'],
  actions: [],
  red: 'was lost while it was resized',
};

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    traits: ['whole-jobs'],
    actions: [],
    red: 'every task of each plan',
    name: 'a plan leaves nodes out',
    says: 'state of',
    bug: STOPS_ONE_NODE,
  },
  {
    traits: ['pure'],
    actions: [],
    red: 'plans stop of a cluster that is active the same way',
    name: 'a plan depends on the order in which nodes come',
    says: 'in another order',
    bug: STOPS_ONE_NODE,
  },
  {
    ...RUN,
    name: 'a handle says done while the instance starts',
    says: 'state of',
    bug: {
      changeMs: 1_500,
      handler: (careful) => ({
        async runInstances(context, call) {
          const { changes } = await careful.runInstances(context, call);
          return { state: 'done', ...(changes === undefined ? {} : { changes }) };
        },
      }),
    },
  },
  {
    ...REFUSED,
    name: 'a refused effect is swallowed',
    says: 'returned as if nothing had happened',
    bug: {
      handler: (careful) => ({
        runInstances: async (context, call) => {
          try {
            return await careful.runInstances(context, call);
          } catch {
            return { state: 'started' };
          }
        },
      }),
    },
  },
  {
    ...REFUSED,
    name: 'a throttled effect is sent again past the bracket',
    says: 'returned as if nothing had happened',
    bug: {
      handler: (careful) => ({
        runInstances: (context, call) =>
          careful.runInstances(context, {
            ...call,
            async effect(token, send, options) {
              try {
                return await call.effect(token, send, options);
              } catch (error) {
                if (WindlassError.isInstance(error) && error.kind === 'throttled') return send();
                throw error;
              }
            },
          }),
      }),
    },
  },
  {
    ...REFUSED,
    red: 'R8 RunInstances: says it when the API throttles',
    name: 'a request that was throttled is sent again inside of its bracket',
    says: 'behind budget and lease',
    bug: {
      handler: (careful) => ({
        runInstances: (context, call) =>
          careful.runInstances(context, {
            ...call,
            effect: (token, send, options) => call.effect(token, () => send().catch(send), options),
          }),
      }),
    },
  },
  {
    ...REFUSED,
    name: 'an error has another kind than the cloud says',
    says: 'failed with unavailable',
    bug: onError(({ code, message }) => new WindlassError('unavailable', message, { code })),
  },
  {
    ...REFUSED,
    name: "the cloud's own sentence is lost",
    says: "the cloud's own sentence is lost",
    bug: onError(({ kind, code }) => new WindlassError(kind, 'the instance was not made', { code })),
  },
  {
    ...REFUSED,
    traits: ['refused', 'secrets'],
    red: 'lets a secret into',
    name: 'a secret in the error that says that the cloud did not answer',
    says: 'secrets are in',
    bug: onError((error, { credential }) =>
      error.code === 'UNANSWERED'
        ? new WindlassError(error.kind, `${error.message} (key ${credential['apiKey']})`, {
            code: error.code,
          })
        : error,
    ),
  },
  {
    ...REFUSED,
    red: 'R1 RunInstances: happens once although no answer',
    name: 'an effect whose answer is lost is sent again under another token',
    says: 'instances of one node',
    bug: {
      handler: (careful, cloud) => ({
        async runInstances(context, call) {
          const { token = '' } = context.resources['instance'] ?? {};
          const size = { cpu: 1, memoryMiB: 1 };
          const make = (again: string) => () =>
            cloud.runInstance(context.credential['apiKey'] ?? '', `${token}${again}`, size);
          try {
            await call.effect(token, make(''));
          } catch {
            await call.effect(token, make('~'));
          }
          return careful.runInstances(context, call);
        },
      }),
    },
  },
  {
    ...RUN,
    name: 'a wait says done while the instance starts',
    says: 'state of',
    bug: {
      changeMs: 1_500,
      handler: (careful, cloud) => ({
        async waitRunInstances(context, call) {
          const [instance] = (await cloud.describeInstances(context.credential['apiKey'] ?? '')).filter(
            ({ token }) => token === context.resources['instance']?.token,
          );
          if (instance === undefined) return careful.waitRunInstances(context, call);
          const ssh = { port: 22, user: 'root', hostKey: '', root: '' };
          const node = { status: 'active', privateIp: instance.address, ssh } as const;
          return { state: 'done', changes: { node } };
        },
      }),
    },
  },
  {
    ...RUN,
    name: 'a wait reports no address',
    says: 'privateIp',
    bug: {
      handler: (careful) => ({
        waitRunInstances: async (context, call) =>
          report(await careful.waitRunInstances(context, call), (node) => ({ ...node, privateIp: '' })),
      }),
    },
  },
  {
    traits: ['works'],
    actions: ['StopInstances'],
    red: 'StopInstances: works',
    name: 'a wait does not report that the node is stopped',
    says: 'status of the node',
    bug: {
      handler: (careful) => ({
        waitStopInstances: async (context, call) =>
          report(await careful.waitStopInstances(context, call), ({ status: _status, ...node }) => node),
      }),
    },
  },
  {
    ...RUN,
    name: 'an instance has one MiB whatever was asked for',
    says: 'MiB, asked for',
    bug: {
      handler: (careful) => ({
        runInstances: (context, call) =>
          careful.runInstances(
            {
              ...context,
              task: {
                ...context.task,
                directive: { ...context.task.directive, memoryMiB: 1 },
              } as typeof context.task,
            },
            call,
          ),
      }),
    },
  },
  ...(
    [
      [
        'a wait reports a device that is none',
        (volumes) => volumes.map((volume) => ({ ...volume, device: '/dev/nonsense' })),
      ],
      ['a wait reports no device', (volumes) => volumes.map((volume) => ({ ...volume, device: '' }))],
      [
        'a wait swaps the devices of two volumes',
        (volumes) =>
          volumes.map((volume, index) => ({ ...volume, device: volumes.at(-1 - index)?.device ?? '' })),
      ],
    ] as const satisfies readonly (readonly [
      string,
      (volumes: NonNullable<Node['volumes']>) => Node['volumes'],
    ])[]
  ).map(([name, change]): PlantedBug => ({
    ...ATTACH,
    name,
    says: 'device of volume',
    bug: {
      handler: (careful) => ({
        waitAttachVolumes: async (context, call) =>
          report(await careful.waitAttachVolumes(context, call), (node) => ({
            ...node,
            volumes: change(node.volumes ?? []) ?? [],
          })),
      }),
    },
  })),
  {
    traits: ['works'],
    actions: [],
    red: 'updateClusterStatus: says active',
    name: 'describeClusterDetails says nothing of a node',
    says: 'describeClusterDetails',
    bug: {
      environment: () => ({
        describeClusterDetails: async ({ cluster }) => ({
          nodes: cluster.nodes.map(({ nodeId }) => ({ nodeId, state: '', facts: {} })),
          facts: {},
        }),
      }),
    },
  },
  { ...CANCEL, name: 'the signal is ignored', says: 'still runs', bug: { signalIgnored: true } },
  {
    ...CANCEL,
    name: 'a call that waits for the budget is not ended',
    says: 'while it waits for the budget of calls',
    bug: {
      provider: (careful) => ({
        ...careful,
        handleSubtask: (context, call) =>
          careful.handleSubtask(context, {
            ...call,
            async send(request, options) {
              let sent = false;
              try {
                return await call.send(() => {
                  sent = true;
                  return request();
                }, options);
              } catch (error) {
                if (sent) throw error;
                return new Promise(() => undefined);
              }
            },
          }),
      }),
    },
  },
  {
    ...CANCEL,
    name: 'an aborted request counts as unavailable',
    says: 'unavailable',
    bug: {
      provider: (careful) => ({
        ...careful,
        async handleSubtask(context, call) {
          try {
            return await careful.handleSubtask(context, call);
          } catch (error) {
            if (!call.signal.aborted) throw error;
            throw new WindlassError('unavailable', 'unavailable: the request was aborted', {
              code: 'ABORTED',
            });
          }
        },
      }),
    },
  },
  {
    traits: ['errors'],
    actions: ['RunInstances'],
    red: 'an instance that failed for good is an error at once',
    name: 'a wait never ends on an instance that failed',
    says: 'should have failed',
    bug: {
      handler: (careful) => ({
        async waitRunInstances(context, call) {
          try {
            return await careful.waitRunInstances(context, call);
          } catch (error) {
            if (!WindlassError.isInstance(error) || error.code !== 'INSTANCE_FAILED') throw error;
            return { state: 'pending', seen: 'instance is error' };
          }
        },
      }),
    },
  },
  {
    traits: ['nothing-left'],
    actions: ['RunInstances', 'DeleteInstances'],
    red: 'R7 DeleteInstances: finds what was made a moment ago',
    name: 'a delete takes an instance that is not shown yet for gone',
    says: 'hidden, and not gone',
    bug: { hiddenMs: 400 },
  },
  {
    traits: ['frozen'],
    actions: ['CreateVolumes'],
    red: 'R1 CreateVolumes: a worker that wakes up',
    name: 'the fence of a volume becomes free with its delete',
    says: 'made again by a worker that froze',
    bug: { tokensFree: true },
  },
  {
    traits: ['secrets'],
    actions: [],
    red: 'lets a secret into',
    name: 'a secret in base64 in a log line',
    says: 'secrets are in',
    bug: {
      provider: (careful) => ({
        ...careful,
        async handleSubtask(context, call) {
          call.log(`asking with ${Buffer.from(`key=${context.credential['apiKey']}`).toString('base64')}`);
          return careful.handleSubtask(context, call);
        },
      }),
    },
  },
  {
    traits: ['secrets'],
    actions: [],
    red: 'lets a secret into',
    name: 'a secret on stdout',
    says: 'secrets are in',
    bug: {
      provider: (careful) => ({
        ...careful,
        async handleSubtask(context, call) {
          process.stdout.write(`${context.credential['apiKey']}\n`);
          return careful.handleSubtask(context, call);
        },
      }),
    },
  },
  {
    traits: ['works', 'secrets'],
    actions: [],
    red: 'lets a secret into',
    name: 'a secret on stderr, in a function that another trait calls',
    says: 'secrets are in',
    bug: {
      environment: (careful) => ({
        async describeVpc(request, call) {
          process.stderr.write(`${request.credential['apiKey']}\n`);
          return careful.describeVpc(request, call);
        },
      }),
    },
  },
  {
    traits: ['lost-node'],
    actions: [],
    red: 'makes a lost instance of a resized cluster again',
    name: 'a lost instance is made again as small as it was created',
    says: 'CPUs, asked for',
    bug: {
      handler: (careful) => ({
        runInstances: (context, call) =>
          careful.runInstances(
            context.resources['instance']?.generation === 1
              ? context
              : {
                  ...context,
                  task: { ...context.task, directive: { ...context.task.directive, cpu: 1 } },
                },
            call,
          ),
      }),
    },
  },
  {
    ...LOST_RESIZE,
    name: 'a delete fails where the instance is gone',
    says: 'gone',
    bug: {
      handler: (careful, cloud) => ({
        async deleteInstances(context, call) {
          const instances = await cloud.describeInstances(context.credential['apiKey'] ?? '');
          const token = context.resources['instance']?.token;
          if (instances.every((instance) => instance.token !== token))
            throw new WindlassError('not-found', 'the instance is gone', { code: 'INSTANCE_GONE' });
          return careful.deleteInstances(context, call);
        },
      }),
    },
  },
  {
    traits: ['works'],
    actions: ['StopInstances'],
    red: 'StopInstances: works',
    name: 'a stop makes an instance for another node',
    says: 'was made, and the plan does not name it',
    bug: {
      handler: (careful, cloud) => ({
        async stopInstances(context, call) {
          const token = (context.resources['instance']?.token ?? '').replace(/\/[^/]+\//, '/cln-other/');
          await cloud.runInstance(context.credential['apiKey'] ?? '', token, { cpu: 1, memoryMiB: 1024 });
          return careful.stopInstances(context, call);
        },
      }),
    },
  },
  {
    traits: ['works'],
    actions: ['AttachVolumes'],
    red: 'AttachVolumes: works',
    name: 'an attach grows the volume',
    says: 'has another size or version, and the plan says use',
    bug: {
      handler: (careful, cloud) => ({
        async attachVolumes(context, call) {
          const apiKey = context.credential['apiKey'] ?? '';
          for (const { id, sizeGiB } of await cloud.describeVolumes(apiKey))
            await cloud.resizeVolume(apiKey, id, sizeGiB + 1);
          return careful.attachVolumes(context, call);
        },
      }),
    },
  },
];
