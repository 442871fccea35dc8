import type { ContainerSpec, VolumeSpec } from './cluster.ts';

// The input of tasks: plain data without a secret, fixed when the job is planned.

/** Everything is in the task itself. */
export type NoDirective = Readonly<Record<string, never>>;

/** The properties of a new instance. */
export interface InstanceDirective {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly gpuClass: number;
  readonly instanceClass: number;
  readonly container: ContainerSpec;
  readonly subnetId: string;
  readonly hostname: string;
  /** The address that the conf reserves for this node; absent for any that is free. */
  readonly privateIp?: string;
}

/** The volumes that a task is about. */
export interface VolumesDirective {
  readonly volumes: readonly VolumeSpec[];
}

/** A task that may have been opened again: each of its rounds begins its command again. */
export interface TaskRound {
  readonly taskId: string;
  readonly round: number;
}

/** What a command that is owed once has to know of its earlier attempts. */
export interface EarlierAttempts {
  /**
   * Tasks of earlier jobs that began the same command and were never seen to end, each with its last
   * round: the node says how they ended, and the command is started only where none of them did what
   * it is for.
   */
  readonly earlier?: readonly TaskRound[];
}

/** One command on a node. */
export interface CommandDirective extends EarlierAttempts {
  readonly command: string;
  /** The timeout after which the runner on the node ends the command, in seconds. */
  readonly commandTimeoutSeconds: number;
  /** Started again when its outcome is unknown. */
  readonly idempotent: boolean;
}

/** A service's command, as the package declared it when the job was planned. */
export interface ServiceDirective extends CommandDirective {
  /** Name of the service, e.g. `start`. */
  readonly service: string;
}

/** Volumes in the file system of a node; GrowFilesystems has the new sizes. */
export interface MountDirective extends EarlierAttempts {
  readonly volumes: readonly VolumeSpec[];
  /** Whether an empty volume may be formatted; false if it must hold a filesystem already. */
  readonly format: boolean;
}

export interface RefreshDirective {
  /** Whether the package's own node files are written too, beside the metadata. */
  readonly packageFiles: boolean;
}

/** What the cluster's metadata tells beside the cluster itself. */
export interface MetadataDirective {
  /** Ids of nodes that join. */
  readonly addingHosts?: readonly string[];
  /** Ids of nodes that leave; they stay among the hosts until they are gone. */
  readonly deletingHosts?: readonly string[];
  /** Roles whose size the job changes. */
  readonly verticalScalingRoles?: readonly string[];
}

export interface SshKeysDirective {
  /** `ssh-rsa`, `ssh-dsa` or `ssh-ed25519`, as the package asks for. */
  readonly keyType: string;
}
