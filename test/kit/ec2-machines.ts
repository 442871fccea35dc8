import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSshdMachines, type SshdMachines } from '../../src/conformance/index.ts';
import type { Moto, MotoEvent } from './moto/index.ts';

/** Machines behind the instances of an EC2: an instance that it reports as running really runs. */
export interface Ec2Machines {
  readonly machines: SshdMachines;
  /** Errors while a machine was to follow its instance. */
  faults(): readonly Error[];
  end(): Promise<void>;
}

/** File of the network namespace of a machine with this address; undefined for this host's own. */
export type NamespaceOf = (address: string) => string | undefined;

/**
 * Boots a machine with a real sshd for every instance that moto runs, at its private address and
 * from its user-data, and shows it the volumes that are attached, as Nitro does: by their serial
 * numbers. Machines cannot be booted everywhere: ask findSshdMachinesObstacle first.
 */
export async function createEc2Machines(
  moto: Moto,
  options: { readonly namespaceOf?: NamespaceOf } = {},
): Promise<Ec2Machines> {
  const { namespaceOf = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'windlass-ec2-'));
  const faults = new Map<number, { readonly instanceId: string; readonly error: Error }>();
  const machines = await createSshdMachines({ folder });
  // In the order of events: a disk is there before the machine that boots with it.
  let turn = Promise.resolve();
  const stopListening = moto.onEvent((event) => {
    turn = turn
      .then(() => follow(machines, event, namespaceOf))
      .then(() => {
        // A machine that ended has released everything, also what it had mounted until then.
        if (event.event !== 'instance' || event.state !== 'terminated') return;
        for (const [number, fault] of faults)
          if (fault.instanceId === event.instanceId) faults.delete(number);
      })
      .catch((error: unknown) => {
        const { number, instanceId } = event;
        faults.set(number, { instanceId, error: error instanceof Error ? error : new Error(String(error)) });
      });
  });
  return {
    machines,
    faults: () => [...faults.values()].map(({ error }) => error),
    async end() {
      stopListening();
      await turn;
      await machines.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function follow(machines: SshdMachines, event: MotoEvent, namespaceOf: NamespaceOf): Promise<void> {
  if (event.event === 'instance') return followInstance(machines, event, namespaceOf);
  const { volumeId, instanceId, state, sizeGiB } = event;
  const machine = machines.list().find((candidate) => candidate.instanceId === instanceId);
  if (state === 'resized') return machines.growDisk(volumeId, sizeGiB);
  if (machine === undefined) return;
  if (state === 'detached') {
    await machines.detachDisk(instanceId, volumeId);
    return;
  }
  await machines.createDisk(volumeId, sizeGiB);
  await machines.growDisk(volumeId, sizeGiB);
  const taken = new Set(machine.disks.map(({ device }) => device));
  const device = NVME_DEVICES.find((candidate) => !taken.has(candidate)) ?? '';
  const serial = volumeId.replace('-', '');
  await machines.attachDisk(instanceId, {
    diskId: volumeId,
    device,
    links: [`/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${serial}`],
  });
}

/** The root disk is nvme0n1. */
const NVME_DEVICES = Array.from({ length: 26 }, (_, index) => `/dev/nvme${index + 1}n1`);

async function followInstance(
  machines: SshdMachines,
  event: Extract<MotoEvent, { event: 'instance' }>,
  namespaceOf: NamespaceOf,
): Promise<void> {
  const { instanceId, state, privateIpAddress: address } = event;
  const known = machines.list().some((machine) => machine.instanceId === instanceId);
  if (state === 'terminated') return known ? machines.terminate(instanceId) : undefined;
  if (state === 'stopped') {
    await machines.stop(instanceId);
  } else if (state === 'rebooted') {
    await machines.reboot(instanceId);
  } else if (known) {
    await machines.start(instanceId, { address });
  } else {
    const networkNamespace = namespaceOf(address);
    await machines.boot({
      instanceId,
      address,
      userData: Buffer.from(event.userData, 'base64').toString(),
      ...(networkNamespace === undefined ? {} : { networkNamespace }),
    });
  }
}
