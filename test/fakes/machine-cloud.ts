import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { SshdMachines } from '../../src/conformance/index.ts';
import { WindlassError, type ErrorInfo } from '../../src/domain/index.ts';
import { MemoryCloud, type MemoryApi, type MemoryHardware } from './memory-cloud.ts';

/** A cloud whose instances are machines with an sshd, and whose API is spoken over a wire. */
export interface MachineCloud {
  /** For the provider in a worker: `WINDLASS_TEST_MACHINE_CLOUD`. */
  readonly url: string;
  readonly cloud: MemoryCloud;
  stop(): Promise<void>;
}

export interface MachineCloudOptions {
  readonly machines: SshdMachines;
  /** Where its instances are: the first numbers of their addresses, e.g. `127.105.0.`, or a network. */
  readonly network: string | MachineNetwork;
}

/** Where an instance of a subnet gets its address, and in which network namespace it has it. */
export interface MachineNetwork {
  chooseAddress(subnet: string, taken: ReadonlySet<string>): string;
  namespaceOf(subnet: string): string;
}

/** What the provider in a worker and this cloud agree on. */
export const MACHINE_CLOUD_KEY = 'key-of-the-machine-cloud';

/** The methods of the API: what else a request names is refused. */
export const MACHINE_CLOUD_METHODS = [
  'describeInstances',
  'describeVolumes',
  'runInstance',
  'setState',
  'resizeInstance',
  'deleteInstance',
  'createVolume',
  'attachVolume',
  'detachVolume',
  'resizeVolume',
  'deleteVolume',
] as const satisfies readonly (keyof MemoryApi)[];

/** What an API call answers over the wire. */
export type MachineCloudAnswer = { readonly result: unknown } | { readonly error: ErrorInfo };

/** Serves it on a free port of loopback. */
export async function startMachineCloud(options: MachineCloudOptions): Promise<MachineCloud> {
  const { machines, network } = options;
  const cloud = new MemoryCloud({
    apiKey: MACHINE_CLOUD_KEY,
    quotaInstances: 1_000,
    quotaVolumes: 1_000,
    ...(typeof network === 'string'
      ? { addressPrefix: network }
      : { chooseAddress: (subnet, taken) => network.chooseAddress(subnet, taken) }),
    hardware: toHardware(machines, network),
  });
  async function answer(path: string, values: unknown): Promise<MachineCloudAnswer> {
    const method = MACHINE_CLOUD_METHODS.find((name) => `/${name}` === path);
    if (method === undefined) throw new Error(`the cloud has no ${path}`);
    try {
      const call = cloud[method].bind(cloud) as (...given: readonly unknown[]) => Promise<unknown>;
      return { result: await call(...(values as readonly unknown[])) };
    } catch (error) {
      if (WindlassError.isInstance(error)) return { error: error.toInfo() };
      throw error;
    }
  }
  const server = createServer((request, response) => {
    json(request)
      .then((values) => answer(request.url ?? '', values))
      .then(
        (body) => response.end(JSON.stringify(body)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a cloud without a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cloud,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function toHardware(machines: SshdMachines, network: string | MachineNetwork): MemoryHardware {
  return {
    async run({ id, address, userData, subnet }) {
      const inside = typeof network === 'string' ? {} : { networkNamespace: network.namespaceOf(subnet) };
      await machines.boot({ instanceId: id, address, userData, ...inside });
    },
    async setState(instanceId, state) {
      await (state === 'running' ? machines.start(instanceId) : machines.stop(instanceId));
    },
    deleteInstance: (instanceId) => machines.terminate(instanceId),
    createVolume: (volumeId, sizeGiB) => machines.createDisk(volumeId, sizeGiB),
    async attachVolume(volumeId, instanceId, device) {
      // The kernel may call it otherwise at the next boot; this name stays.
      const name = `/dev/disk/by-id/virtio-${volumeId}`;
      await machines.attachDisk(instanceId, { diskId: volumeId, device, links: [name] });
      return name;
    },
    async detachVolume(volumeId, instanceId) {
      await machines.detachDisk(instanceId, volumeId);
    },
    resizeVolume: (volumeId, sizeGiB) => machines.growDisk(volumeId, sizeGiB),
    deleteVolume: (volumeId) => machines.deleteDisk(volumeId),
  };
}
