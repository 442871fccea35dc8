import type { ContainmentKind } from './containment.ts';
import type { MarkedProcess } from './marked-processes.ts';

/** The request for an instance. Its id is derived from its token: that is this provider's fence. */
export interface InstanceSpec {
  readonly id: string;
  readonly token: string;
  readonly zone: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly image: string;
  readonly hostname: string;
  readonly addressRange: string;
  /** The machine answers this long after its start, in milliseconds. */
  readonly bootDelayMs: number;
  readonly userData: UserData;
}

/** The user-data of an instance before its first boot. Holds the private host key: mode 0600. */
export interface UserData {
  readonly hostPrivateKey: string;
  readonly authorizedKey: string;
  /** Addresses (CIDR) that its sshd accepts; absent: all. */
  readonly letsIn?: string;
  /** Addresses (CIDR) to which its sshd opens tunnels, under its own address; absent: none. */
  readonly leadsTo?: string;
}

export interface InstanceSize {
  readonly cpu: number;
  readonly memoryMiB: number;
}

/** `booting`: the machine exists and does not answer yet. */
export type InstanceState = 'booting' | 'running' | 'stopped';

export interface Instance extends InstanceSize {
  readonly id: string;
  readonly token: string;
  readonly zone: string;
  readonly image: string;
  readonly hostname: string;
  /** Kept while the instance exists; empty while it is not complete. */
  readonly address: string;
  /** The folder that is the instance's `/`. */
  readonly root: string;
  readonly state: InstanceState;
  /** The process id of the machine; null while none runs. */
  readonly pid: number | null;
  /** Why the last boot failed; null if it did not. */
  readonly bootFailure: string | null;
  /** The containment of its processes since its last boot; `marks` if it had none. */
  readonly containment: ContainmentKind;
  readonly createdAt: string;
}

export interface VolumeSpec {
  readonly id: string;
  readonly token: string;
  readonly zone: string;
  readonly sizeGiB: number;
  readonly volumeClass: number;
}

export interface Volume extends VolumeSpec {
  /** The instance that has it, and the device; null while it is available. */
  readonly attachment: { readonly instanceId: string; readonly device: string } | null;
  readonly createdAt: string;
}

/** The most that a local cloud may hold; undefined means no limit. */
export interface Quotas {
  readonly instances?: number;
  readonly cpu?: number;
  readonly memoryMiB?: number;
  readonly volumes?: number;
  readonly volumeGiB?: number;
}

/**
 * The cloud behind the local provider. Every call may be repeated, also after a crash in its middle, and
 * may run twice at the same time. Errors: unavailable `LOCAL_DISK_FULL`, permission `LOCAL_FOLDER`, and
 * those named at each.
 */
export interface LocalCloud {
  readonly folder: string;

  /** By token; null when no instance carries it. */
  findInstance(token: string): Promise<Instance | null>;
  /** By id. */
  getInstance(id: string): Promise<Instance | null>;
  /**
   * Creates the folder, fills it from the image, claims the address. An instance that has the id already
   * is completed and returned instead. @throws quota, also `ADDRESSES_USED_UP`; permission
   * `LOOPBACK_RANGE`.
   */
  makeInstance(spec: InstanceSpec, quotas: Quotas): Promise<Instance>;
  /** Starts the machine, unless one runs. Returns before it answers. @throws not-found. */
  bootInstance(id: string): Promise<void>;
  /**
   * Stops the machine hard: when it returns, no process of the instance is left. With `containment`
   * `marks` that is true only of processes that keep their environment, their parents or their folder. An
   * instance that is gone is a success.
   */
  stopInstance(id: string): Promise<void>;
  /** Stops it, detaches its volumes, deletes its folder and frees its address. Gone is a success. */
  deleteInstance(id: string): Promise<void>;
  /** @throws conflict while it runs; quota; not-found. */
  resizeInstance(id: string, size: InstanceSize, quotas: Quotas): Promise<void>;

  findVolume(token: string): Promise<Volume | null>;
  getVolume(id: string): Promise<Volume | null>;
  /** @throws quota */
  makeVolume(spec: VolumeSpec, quotas: Quotas): Promise<Volume>;
  /** @throws conflict `VOLUME_IN_USE` while another instance has it; not-found. */
  attachVolume(id: string, instanceId: string, device: string): Promise<void>;
  detachVolume(id: string): Promise<void>;
  /** With all that is in it. Gone is a success. @throws conflict `VOLUME_IN_USE` while an instance has it. */
  deleteVolume(id: string): Promise<void>;
  /** @throws quota; not-found. */
  resizeVolume(id: string, sizeGiB: number, quotas: Quotas): Promise<void>;

  countAddresses(): Promise<number>;
  /**
   * Everything that exists; together with `listVolumes` and `listProcesses` it is the oracle of every
   * test.
   */
  listInstances(): Promise<readonly Instance[]>;
  listVolumes(): Promise<readonly Volume[]>;
  /** Processes of the instances, however they were started. */
  listProcesses(): Promise<readonly MarkedProcess[]>;
}
