import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDisks } from './disks.ts';
import { SshdMachine } from './machine.ts';
import { findSshdMachinesObstacle } from './requirements.ts';
import type { Machine, SshdMachines, SshdMachinesOptions } from './sshd-machines.ts';

const GIB = 1_024 ** 3;

/** @throws Error when machines cannot be booted here; findSshdMachinesObstacle says it beforehand. */
export async function createSshdMachines(options: SshdMachinesOptions): Promise<SshdMachines> {
  const obstacle = findSshdMachinesObstacle();
  if (obstacle !== null) throw new Error(obstacle);
  const diskFolder = join(options.folder, 'disks');
  await mkdir(diskFolder, { recursive: true });
  const disks = createDisks(diskFolder);
  const machines = new Map<string, SshdMachine>();
  const turns = new Map<string, Promise<unknown>>();

  /** One after the other for one machine. */
  function inTurn<Result>(instanceId: string, act: () => Promise<Result>): Promise<Result> {
    const turn = (turns.get(instanceId) ?? Promise.resolve()).then(act, act);
    turns.set(instanceId, turn);
    return turn;
  }

  function get(instanceId: string): SshdMachine {
    const machine = machines.get(instanceId);
    if (machine === undefined) throw new Error(`there is no machine ${instanceId}`);
    return machine;
  }

  function change(instanceId: string, act: (machine: SshdMachine) => Promise<void>): Promise<Machine> {
    return inTurn(instanceId, async () => {
      const machine = get(instanceId);
      await act(machine);
      return machine.describe();
    });
  }

  const startAgain = (instanceId: string): void => {
    change(instanceId, (machine) => machine.start()).catch((error: unknown) =>
      options.log?.('a machine did not come back', { instanceId, error }),
    );
  };

  return {
    boot: (spec) =>
      inTurn(spec.instanceId, async () => {
        const known = machines.get(spec.instanceId);
        if (known !== undefined) return known.describe();
        const machine = new SshdMachine(spec, options, disks, () => startAgain(spec.instanceId));
        await machine.start();
        machines.set(spec.instanceId, machine);
        return machine.describe();
      }),
    stop: (instanceId) => change(instanceId, (machine) => machine.stop()),
    start: (instanceId, { address } = {}) => change(instanceId, (machine) => machine.start(address)),
    reboot: (instanceId) =>
      change(instanceId, async (machine) => {
        await machine.stop();
        await machine.start();
      }),
    crash: (instanceId) => change(instanceId, (machine) => machine.crash()),
    terminate: (instanceId) =>
      inTurn(instanceId, async () => {
        await machines.get(instanceId)?.terminate();
        machines.delete(instanceId);
      }),
    createDisk: (diskId, sizeGiB) => disks.create(diskId, sizeGiB * GIB),
    growDisk: (diskId, sizeGiB) => disks.grow(diskId, sizeGiB * GIB),
    deleteDisk: (diskId) => disks.delete(diskId),
    attachDisk: (instanceId, attachment) => change(instanceId, (machine) => machine.attach(attachment)),
    detachDisk: (instanceId, diskId) => change(instanceId, (machine) => machine.detach(diskId)),
    async listDisks() {
      const names = (await readdir(diskFolder)).sort();
      return Promise.all(
        names.map(async (diskId) => ({ diskId, sizeGiB: (await disks.sizeBytes(diskId)) / GIB })),
      );
    },
    list: () => [...machines.values()].map((machine) => machine.describe()),
    execute: (instanceId, command) => get(instanceId).execute(command),
    readConsole: (instanceId) => get(instanceId).readConsole(),
    async close() {
      await Promise.all(
        [...machines].map(([instanceId, machine]) => inTurn(instanceId, () => machine.terminate())),
      );
      machines.clear();
      for (const name of ['machines', 'disks']) {
        await rm(join(options.folder, name), { recursive: true, force: true });
      }
    },
  };
}
