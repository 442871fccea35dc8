import type { ContainerSpec, VolumeSpec } from '../domain/cluster.ts';

/** Directive of RunInstances and ResizeInstances. */
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

/** Directive of the volume actions. */
export interface VolumesDirective {
  readonly volumes: readonly VolumeSpec[];
}
