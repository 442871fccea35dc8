/** An instance, as DescribeInstances shows it. Fields that QingCloud leaves out are absent. */
export interface QingInstance {
  readonly instance_id: string;
  readonly instance_name?: string;
  readonly instance_type?: string;
  readonly instance_class?: number;
  readonly vcpus_current?: number;
  readonly memory_current?: number;
  readonly status?: string;
  /** What it is changing to, e.g. `creating`; empty when it is settled. */
  readonly transition_status?: string;
  readonly create_time?: string;
  readonly zone_id?: string;
  readonly image?: { readonly image_id?: string; readonly platform?: string; readonly os_family?: string };
  readonly vxnets?: readonly {
    readonly vxnet_id?: string;
    readonly private_ip?: string;
    readonly nic_id?: string;
  }[];
  readonly eip?: { readonly eip_id?: string; readonly eip_addr?: string };
  readonly volume_ids?: readonly string[];
  readonly volumes?: readonly {
    readonly volume_id?: string;
    readonly device?: string;
    readonly size?: number;
  }[];
  readonly keypair_ids?: readonly string[];
  readonly tags?: readonly { readonly tag_id?: string; readonly tag_name?: string }[];
}

export interface QingVolume {
  readonly volume_id: string;
  readonly volume_name?: string;
  /** GB. */
  readonly size?: number;
  readonly volume_type?: number;
  readonly status?: string;
  readonly transition_status?: string;
  readonly create_time?: string;
  readonly instance?: { readonly instance_id?: string; readonly device?: string };
}

export interface QingJob {
  readonly job_id: string;
  readonly job_action?: string;
  readonly status?: string;
  /** Separated by spaces. */
  readonly resource_ids?: string;
  readonly error_codes?: string;
  readonly create_time?: string;
}

export interface QingVxnet {
  readonly vxnet_id: string;
  readonly vxnet_name?: string;
  readonly vxnet_type?: number;
  readonly vpc_router_id?: string;
  readonly available_ip_count?: number;
  readonly instance_ids?: readonly string[];
  readonly router?: {
    readonly router_id?: string;
    readonly router_name?: string;
    readonly ip_network?: string;
    readonly manager_ip?: string;
    readonly dyn_ip_start?: string;
    readonly dyn_ip_end?: string;
  };
}

export interface QingRouter {
  readonly router_id: string;
  readonly router_name?: string;
  readonly status?: string;
  readonly transition_status?: string;
  readonly eip?: { readonly eip_id?: string; readonly eip_name?: string; readonly eip_addr?: string };
  readonly vpc_network?: string;
  readonly vxnets?: readonly { readonly vxnet_id?: string; readonly nic_id?: string }[];
}

/** How a job stands. `unknown` for a status that this client does not know. */
export type JobProgress = 'working' | 'successful' | 'failed' | 'unknown';

/** Reads the status of a job. A job that ended in part ended with a failure. */
export function readJobProgress({ status = '' }: Pick<QingJob, 'status'>): JobProgress {
  switch (status) {
    case 'pending':
    case 'working':
      return 'working';
    case 'successful':
      return 'successful';
    case 'failed':
    case 'done with failure':
      return 'failed';
    default:
      return 'unknown';
  }
}

/**
 * Whether a resource has a status and is changing to no other. A job may have ended before that, and a
 * status alone is not enough: a running instance may be stopping.
 */
export function isSettled(
  resource: { readonly status?: string; readonly transition_status?: string },
  status: string,
): boolean {
  return resource.status === status && (resource.transition_status ?? '') === '';
}
