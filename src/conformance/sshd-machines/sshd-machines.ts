/** A disk as a machine sees it. */
export interface DiskAttachment {
  readonly diskId: string;
  /** The block device in the machine, e.g. `/dev/nvme1n1`. */
  readonly device: string;
  /** Names that point to it, as udev makes them, e.g. `/dev/disk/by-id/nvme-…`. */
  readonly links?: readonly string[];
}

/** An instance that is run. */
export interface MachineSpec {
  readonly instanceId: string;
  /**
   * Where its sshd listens. Any address of 127.0.0.0/8 and ::1 is there on Linux; another one is
   * added to the loopback interface while the machine runs.
   */
  readonly address: string;
  /** 22 by default. */
  readonly port?: number;
  /** As the instance was given it: `#cloud-config`. Read at the first boot and never again. */
  readonly userData: string;
  /** Until user-data names it. */
  readonly hostname?: string;
  /** File of a network namespace that the machine is put into, e.g. /run/netns/inside. */
  readonly networkNamespace?: string;
}

export type MachineState = 'running' | 'stopped';

/** A machine as the emulated cloud may show it. */
export interface Machine {
  readonly instanceId: string;
  readonly address: string;
  readonly port: number;
  readonly state: MachineState;
  /** How often it was booted. */
  readonly boots: number;
  readonly disks: readonly DiskAttachment[];
  /** Its file system, seen from this host while it runs; for the test's own look. */
  readonly root: string;
}

export interface SshdMachinesOptions {
  /** For roots and disks; its file system must carry an overlay (ext4, xfs, tmpfs). */
  readonly folder: string;
  /** Folders of this host that every machine sees, read-only, under the same path. */
  readonly visibleFolders?: readonly string[];
  /** How long a machine boots before its sshd starts; 0 by default. */
  readonly bootDelayMs?: number;
  readonly log?: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/**
 * Machines for an emulated cloud: each boots a real OpenSSH server from its own user-data, in namespaces
 * of its own (processes, mounts, host name), with a root file system and a boot id of its own. `/usr` and
 * `/etc` begin as this host's; the root disk is kept until `terminate`.
 *
 * Functions of one machine may be called in any order and at once: they run one after the other. "Already
 * so" is success. All machines die with the process that created them.
 */
export interface SshdMachines {
  /** Runs an instance. One that runs, or was stopped, is left as it is. Resolves before sshd listens. */
  boot(spec: MachineSpec): Promise<Machine>;
  /** Shuts it down: its processes are asked to end, its disks unmounted. */
  stop(instanceId: string): Promise<Machine>;
  /**
   * Boots it again from its root disk, if requested at another address. @throws Error for one that does
   * not exist.
   */
  start(instanceId: string, change?: { readonly address?: string }): Promise<Machine>;
  /** Shuts down and boots. */
  reboot(instanceId: string): Promise<Machine>;
  /** Switches it off: SIGKILL to every process in it. The machine is stopped afterwards. */
  crash(instanceId: string): Promise<Machine>;
  /** Ends it with its root disk; attached disks are detached and kept. */
  terminate(instanceId: string): Promise<void>;

  /** A disk of zeros; one that exists is left as it is. */
  createDisk(diskId: string, sizeGiB: number): Promise<void>;
  /** Makes a disk larger, also one that is in use. @throws Error for a smaller size. */
  growDisk(diskId: string, sizeGiB: number): Promise<void>;
  /** @throws Error while it is attached. */
  deleteDisk(diskId: string): Promise<void>;
  /** Shows a disk to a machine, running or not. @throws Error when another machine has it. */
  attachDisk(instanceId: string, attachment: DiskAttachment): Promise<Machine>;
  /** Takes it away. @throws Error while it is mounted: a cloud would wait. */
  detachDisk(instanceId: string, diskId: string): Promise<Machine>;
  listDisks(): Promise<readonly { readonly diskId: string; readonly sizeGiB: number }[]>;

  list(): readonly Machine[];
  /** Runs a command in a running machine as root, past its sshd. @throws Error for an exit code other than 0. */
  execute(instanceId: string, command: string): Promise<string>;
  /** What the machine and its sshd have written since its first boot. */
  readConsole(instanceId: string): Promise<string>;
  /** Switches all machines off and removes the folder's contents. */
  close(): Promise<void>;
}
