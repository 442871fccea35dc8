/**
 * How the cloud behaves; all settings may be changed while it runs. Times are 0 by default, so that states
 * change at once, as in moto.
 */
export interface MotoSettings {
  /** pending → running, after a run and after a start. */
  readonly pendingMs?: number;
  /** stopping → stopped. */
  readonly stoppingMs?: number;
  /** shutting-down → terminated. */
  readonly shuttingDownMs?: number;
  /** creating → available. */
  readonly creatingMs?: number;
  /** attaching → attached. */
  readonly attachingMs?: number;
  /** detaching → available. */
  readonly detachingMs?: number;
  /** deleting → gone. */
  readonly deletingMs?: number;
  /** modifying → optimizing, when the volume has its new size. */
  readonly modifyingMs?: number;
  /** optimizing → completed. */
  readonly optimizingMs?: number;
  /** A volume may be modified again after this time; 6 hours by default, as in AWS. */
  readonly modifyCooldownMs?: number;
  /** A new resource is not found for this time: eventual consistency. */
  readonly visibleAfterMs?: number;
  /** The added delay of each request. */
  readonly latencyMs?: number;
  /** Value by quota code, in vCPUs or TiB; others have AWS's defaults. Below 0: Service Quotas knows none. */
  readonly quotas?: Readonly<Record<string, number>>;
  /**
   * How many more instances there is capacity for; without `zone` or `instanceType`, for any. The first
   * match counts.
   */
  readonly capacity?: readonly {
    readonly zone?: string;
    readonly instanceType?: string;
    readonly left: number;
  }[];
  /** Signatures and policies are checked; off by default: then any key is root. */
  readonly authentication?: boolean;
}

/** Events of the cloud that a machine would notice: for code that simulates the machines. */
export type MotoEvent = InstanceEvent | VolumeEvent;

export interface InstanceEvent {
  readonly event: 'instance';
  /** Rises from event to event. */
  readonly number: number;
  readonly instanceId: string;
  readonly state: 'running' | 'stopped' | 'terminated' | 'rebooted';
  readonly privateIpAddress: string;
  /** In base64, as the instance would find it; empty for a reboot. */
  readonly userData: string;
  readonly region: string;
}

export interface VolumeEvent {
  readonly event: 'volume';
  readonly number: number;
  readonly volumeId: string;
  readonly instanceId: string;
  /** `resized`: while it was attached. */
  readonly state: 'attached' | 'detached' | 'resized';
  readonly device: string;
  readonly sizeGiB: number;
}

/** A request that reached the cloud. */
export interface MotoRequest {
  readonly service: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly operation: string;
  /** Whether it adds tags to what it creates, which needs a permission of its own. */
  readonly tagged: boolean;
  readonly userAgent: string;
  readonly status: number;
  readonly errorCode: string | null;
}

/** The created resources, whether they still exist or not. */
export interface MadeResource {
  readonly kind: 'instance' | 'volume';
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The oracle's view: everything that exists, also what clients do not see yet. */
export interface MotoResources {
  readonly instances: readonly {
    readonly instanceId: string;
    readonly region: string;
    readonly state: string;
    readonly instanceType: string;
    readonly cpu: number;
    readonly memoryMiB: number;
    readonly clientToken: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly privateIpAddress: string;
    readonly subnetId: string;
    readonly userData: string;
    readonly httpTokens: string;
    readonly volumes: readonly { readonly device: string; readonly volumeId: string }[];
  }[];
  readonly volumes: readonly {
    readonly volumeId: string;
    readonly region: string;
    readonly state: string;
    readonly attachmentState: string | null;
    readonly instanceId: string | null;
    readonly device: string | null;
    readonly sizeGiB: number;
    readonly volumeType: string;
    readonly encrypted: boolean;
    readonly zone: string;
    readonly tags: Readonly<Record<string, string>>;
    /** Created with an instance, and deleted with it. */
    readonly root: boolean;
  }[];
}
