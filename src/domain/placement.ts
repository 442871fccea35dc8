/** Where nodes of a runtime can be placed. */
export interface Subnet {
  readonly subnetId: string;
  readonly name: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  /** Addresses that are still free. */
  readonly freeAddresses: number;
}

export interface Vpc {
  readonly vpcId: string;
  readonly name: string;
  readonly cidr: string;
  readonly status: string;
  readonly subnetIds: readonly string[];
}

/** Sums of what a set of clusters will need and has not created yet. */
export interface Reserved {
  readonly instances: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly volumes: number;
  readonly volumeGiB: number;
}

export const NOTHING_RESERVED: Reserved = {
  instances: 0,
  cpu: 0,
  memoryMiB: 0,
  gpu: 0,
  volumes: 0,
  volumeGiB: 0,
};
