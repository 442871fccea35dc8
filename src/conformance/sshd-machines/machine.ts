import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { holdAddress, type HeldAddress } from './addresses.ts';
import type { Disks, LoopDevice } from './disks.ts';
import { buildFirstBoot } from './first-boot.ts';
import { startMachineProcess, type MachineProcess } from './machine-process.ts';
import { runProgram } from './run-program.ts';
import type { DiskAttachment, Machine, MachineSpec, SshdMachinesOptions } from './sshd-machines.ts';

interface AttachedDisk {
  readonly attachment: DiskAttachment;
  readonly loop: LoopDevice;
}

/** One machine and its root disk. Its methods must not run at the same time: its owner makes sure of that. */
export class SshdMachine {
  readonly #spec: MachineSpec;
  readonly #options: SshdMachinesOptions;
  readonly #disks: Disks;
  readonly #folder: string;
  readonly #attached = new Map<string, AttachedDisk>();
  readonly #onReboot: () => void;
  #address: string;
  #held: HeldAddress | null = null;
  #process: MachineProcess | null = null;
  #boots = 0;

  /** `onReboot` is called when a reboot was requested inside and the machine is down. */
  constructor(spec: MachineSpec, options: SshdMachinesOptions, disks: Disks, onReboot: () => void) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(spec.instanceId)) {
      throw new Error(`${spec.instanceId} cannot name a machine`);
    }
    this.#spec = spec;
    this.#options = options;
    this.#disks = disks;
    this.#folder = join(options.folder, 'machines', spec.instanceId);
    this.#address = spec.address;
    this.#onReboot = onReboot;
  }

  describe(): Machine {
    return {
      instanceId: this.#spec.instanceId,
      address: this.#address,
      port: this.#port,
      state: this.#process === null ? 'stopped' : 'running',
      boots: this.#boots,
      disks: [...this.#attached.values()].map(({ attachment }) => attachment),
      root: this.#process === null ? '' : `/proc/${this.#process.initPid}/root`,
    };
  }

  async start(address = this.#address): Promise<void> {
    if (this.#process !== null) return;
    this.#address = address;
    if (this.#boots === 0) await this.#makeRootDisk();
    await this.#writeBootFiles();
    const held = await holdAddress(this.#address, this.#spec.networkNamespace);
    this.#held = held;
    let started: MachineProcess;
    try {
      started = await startMachineProcess({
        folder: this.#folder,
        address: this.#address,
        port: this.#port,
        hostname: this.#spec.hostname ?? this.#spec.instanceId,
        networkNamespace: this.#spec.networkNamespace,
        consoleFile: this.#consoleFile,
      });
    } catch (error) {
      await held.release();
      throw error;
    }
    this.#process = started;
    this.#boots += 1;
    void started.ended.then(async (end) => {
      if (this.#process === started) this.#process = null;
      await held.release();
      this.#options.log?.('a machine went down', { instanceId: this.#spec.instanceId, end });
      if (end === 'reboot') this.#onReboot();
    });
  }

  async stop(): Promise<void> {
    await this.#process?.shutDown();
    await this.#afterEnd();
  }

  async crash(): Promise<void> {
    await this.#process?.pullPlug();
    await this.#afterEnd();
  }

  async terminate(): Promise<void> {
    await this.crash();
    for (const diskId of this.#attached.keys()) await this.detach(diskId);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async attach(attachment: DiskAttachment): Promise<void> {
    const { diskId, device, links = [] } = attachment;
    if (this.#attached.has(diskId)) return;
    for (const path of [device, ...links]) {
      if (!/^\/dev\/[A-Za-z0-9][A-Za-z0-9/._:-]*$/.test(path))
        throw new Error(`${path} is no name of a device`);
    }
    const loop = await this.#disks.connect(diskId);
    this.#attached.set(diskId, { attachment, loop });
    if (this.#process === null) return;
    await this.execute(`mkdir -p ${dirname(device)}
mknod -m 660 ${device} b ${loop.major} ${loop.minor}
for link in ${links.join(' ')}; do mkdir -p "$(dirname "$link")"; ln -sfn ${device} "$link"; done
uuid=$(blkid -p -s UUID -o value ${device}) || uuid=
if [ -n "$uuid" ]; then mkdir -p /dev/disk/by-uuid; ln -sfn ${device} "/dev/disk/by-uuid/$uuid"; fi`);
  }

  async detach(diskId: string): Promise<void> {
    const disk = this.#attached.get(diskId);
    if (disk === undefined) return;
    const { attachment, loop } = disk;
    if (this.#process !== null) {
      const mounts = await readFile(`/proc/${this.#process.initPid}/mountinfo`, 'utf8');
      if (mounts.split('\n').some((line) => line.split(' ')[2] === `${loop.major}:${loop.minor}`)) {
        throw new Error(`disk ${diskId} is mounted in ${this.#spec.instanceId}`);
      }
      const { device, links = [] } = attachment;
      await this.execute(
        `rm -f ${[device, ...links].join(' ')}; find /dev/disk -xtype l -delete 2>/dev/null || :`,
      );
    }
    this.#attached.delete(diskId);
    await this.#disks.disconnect(loop);
  }

  has(diskId: string): boolean {
    return this.#attached.has(diskId);
  }

  async execute(command: string): Promise<string> {
    if (this.#process === null) throw new Error(`machine ${this.#spec.instanceId} does not run`);
    const target = ['--target', String(this.#process.initPid)];
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--net', '--root', '--wd'];
    return (await runProgram('nsenter', [...target, ...namespaces, 'sh', '-c', command])).stdout;
  }

  readConsole(): Promise<string> {
    return readFile(this.#consoleFile, 'utf8');
  }

  get #port(): number {
    return this.#spec.port ?? 22;
  }

  get #consoleFile(): string {
    return join(this.#folder, 'console');
  }

  async #makeRootDisk(): Promise<void> {
    await mkdir(join(this.#folder, 'boot'), { recursive: true, mode: 0o700 });
    await mkdir(join(this.#folder, 'root'), { mode: 0o755 });
    const script = buildFirstBoot(this.#spec.userData, (message) =>
      this.#options.log?.(message, { instanceId: this.#spec.instanceId }),
    );
    await writeFile(join(this.#folder, 'boot/first-boot'), script, { mode: 0o600 });
  }

  async #writeBootFiles(): Promise<void> {
    const disks = [...this.#attached.values()].map(({ attachment, loop }) =>
      [attachment.device, loop.major, loop.minor, ...(attachment.links ?? [])].join(' '),
    );
    const files = {
      visible: this.#options.visibleFolders ?? [],
      devices: disks,
      delay: this.#options.bootDelayMs === undefined ? [] : [String(this.#options.bootDelayMs / 1_000)],
    };
    for (const [name, lines] of Object.entries(files)) {
      await writeFile(join(this.#folder, 'boot', name), lines.map((line) => `${line}\n`).join(''));
    }
  }

  async #afterEnd(): Promise<void> {
    this.#process = null;
    await this.#held?.release();
    this.#held = null;
  }
}
