import { join } from 'node:path';
import type { InstanceSpec } from './local-cloud.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** The folder of an instance; the provider writes it, its machine reads it. */
export interface InstanceFiles {
  readonly folder: string;
  readonly record: string;
  readonly userData: string;
  readonly machine: string;
  readonly bootFailure: string;
  /** The containment of its processes since its last boot. */
  readonly containment: string;
  readonly log: string;
  /** A link whose text is the address. */
  readonly address: string;
  readonly root: string;
}

export function locateInstance(folder: string): InstanceFiles {
  return {
    folder,
    record: join(folder, 'instance.json'),
    userData: join(folder, 'user-data.json'),
    machine: join(folder, 'machine.json'),
    bootFailure: join(folder, 'boot-failure.json'),
    containment: join(folder, 'containment.json'),
    log: join(folder, 'machine.log'),
    address: join(folder, 'address'),
    root: join(folder, 'root'),
  };
}

/** What is stored of an instance. */
export interface InstanceRecord extends Omit<InstanceSpec, 'userData'> {
  /** The desired state that was set last; a machine that reads `stopped` here ends at once. */
  readonly wanted: 'running' | 'stopped';
  /** RFC 3339; when it was last asked to run. */
  readonly wantedAt: string;
  readonly createdAt: string;
}

/** What a machine writes about itself once it has bound its address. */
export interface MachineRecord extends ProcessIdentity {
  readonly state: 'booting' | 'running';
  readonly bootId: string;
  /**
   * The run request (`wishedAt` of the instance's record) that it was started for; a later request has no
   * machine yet.
   */
  readonly wantedAt: string;
}

export interface BootFailure {
  readonly message: string;
}
