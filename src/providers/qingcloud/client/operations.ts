import type { QingInstance, QingJob, QingRouter, QingVolume, QingVxnet } from './resources.ts';

type Page = { readonly offset?: number; readonly limit?: number };
type Started = { readonly job_id?: string };
type Size = { readonly instance_type?: string; readonly cpu?: number; readonly memory?: number };

/** An operation that lists resources: its answer has them under `Key`. */
type Listing<Parameters, Key extends string, Item> = {
  readonly parameters: Parameters & Page;
  readonly answer: { readonly total_count?: number } & { readonly [Name in Key]?: readonly Item[] };
};

type Operation<Parameters, Answer> = { readonly parameters: Parameters; readonly answer: Answer };

/** Size of the instance is either an `instance_type`, or `cpu` with `memory` in MB, which wins. */
export type RunInstancesParameters = Size & {
  readonly image_id: string;
  readonly login_mode: 'keypair' | 'passwd';
  readonly login_keypair?: string;
  readonly login_passwd?: string;
  readonly count?: number;
  readonly instance_name?: string;
  /** `id`, or `id|address` in a network of one's own. */
  readonly vxnets?: readonly string[];
  readonly security_group?: string;
  /** Only with one instance. */
  readonly volumes?: readonly string[];
  readonly hostname?: string;
  readonly instance_class?: number;
  /** GB. */
  readonly os_disk_size?: number;
  readonly gpu?: number;
  readonly need_userdata?: boolean;
  readonly userdata_type?: 'plain' | 'exec' | 'tar';
  /** In base64; at most 4 KB before. */
  readonly userdata_value?: string;
  readonly userdata_path?: string;
  readonly userdata_file?: string;
};

/** The operations of QingCloud's API that windlass uses, with their parameters and answers. */
export interface Operations {
  readonly RunInstances: Operation<
    RunInstancesParameters,
    Started & { readonly instances?: readonly string[] }
  >;
  readonly DescribeInstances: Listing<
    {
      readonly instances?: readonly string[];
      readonly status?: readonly string[];
      readonly image_id?: readonly string[];
      readonly instance_type?: readonly string[];
      readonly instance_class?: number;
      /** A part of an id or a name. */
      readonly search_word?: string;
      readonly tags?: readonly string[];
      readonly verbose?: boolean;
    },
    'instance_set',
    QingInstance
  >;
  readonly StopInstances: Operation<
    { readonly instances: readonly string[]; readonly force?: boolean },
    Started
  >;
  readonly StartInstances: Operation<{ readonly instances: readonly string[] }, Started>;
  /** `direct_cease`: without the two hours in which it could be recovered. */
  readonly TerminateInstances: Operation<
    { readonly instances: readonly string[]; readonly direct_cease?: boolean },
    Started
  >;
  readonly CeaseInstances: Operation<{ readonly instances: readonly string[] }, Started>;
  readonly ResizeInstances: Operation<
    Size & { readonly instances: readonly string[]; readonly os_disk_size?: number },
    Started
  >;
  readonly ModifyInstanceAttributes: Operation<
    { readonly instance: string; readonly instance_name?: string; readonly description?: string },
    object
  >;
  /** `size` in GB, a multiple of 10. */
  readonly CreateVolumes: Operation<
    {
      readonly size: number;
      readonly volume_name?: string;
      readonly volume_type?: number;
      readonly count?: number;
    },
    Started & { readonly volumes?: readonly string[] }
  >;
  readonly DescribeVolumes: Listing<
    {
      readonly volumes?: readonly string[];
      readonly status?: readonly string[];
      readonly volume_type?: number;
      readonly search_word?: string;
      readonly tags?: readonly string[];
      readonly verbose?: boolean;
    },
    'volume_set',
    QingVolume
  >;
  readonly AttachVolumes: Operation<
    { readonly volumes: readonly string[]; readonly instance: string },
    Started
  >;
  readonly DetachVolumes: Operation<
    { readonly volumes: readonly string[]; readonly instance: string },
    Started
  >;
  readonly ResizeVolumes: Operation<{ readonly volumes: readonly string[]; readonly size: number }, Started>;
  readonly DeleteVolumes: Operation<{ readonly volumes: readonly string[] }, Started>;
  readonly DescribeJobs: Listing<
    { readonly jobs?: readonly string[]; readonly status?: readonly string[] },
    'job_set',
    QingJob
  >;
  readonly DescribeVxnets: Listing<
    {
      readonly vxnets?: readonly string[];
      /** 1 managed, 0 own. */
      readonly vxnet_type?: number;
      readonly search_word?: string;
      readonly verbose?: boolean;
    },
    'vxnet_set',
    QingVxnet
  >;
  readonly DescribeRouters: Listing<
    {
      readonly routers?: readonly string[];
      readonly vxnet?: string;
      readonly status?: readonly string[];
      readonly verbose?: boolean;
    },
    'router_set',
    QingRouter
  >;
  readonly DescribeZones: Operation<
    { readonly zones?: readonly string[]; readonly status?: readonly string[] },
    { readonly zone_set?: readonly { readonly zone_id?: string; readonly status?: string }[] }
  >;
  readonly GetQuotaLeft: Operation<
    { readonly resource_types?: readonly string[] },
    { readonly quota_left_set?: readonly { readonly resource_type?: string; readonly left?: number }[] }
  >;
  readonly DescribeAccessKeys: Listing<
    { readonly access_keys?: readonly string[]; readonly status?: readonly string[] },
    'access_key_set',
    { readonly access_key_id?: string; readonly status?: string; readonly owner?: string }
  >;
  readonly CreateKeyPair: Operation<
    {
      readonly keypair_name: string;
      readonly mode?: 'system' | 'user';
      readonly public_key?: string;
      readonly encrypt_method?: string;
    },
    { readonly keypair_id?: string; readonly private_key?: string }
  >;
  readonly DescribeKeyPairs: Listing<
    { readonly keypairs?: readonly string[]; readonly search_word?: string },
    'keypair_set',
    { readonly keypair_id: string; readonly keypair_name?: string; readonly pub_key?: string }
  >;
  readonly DeleteKeyPairs: Operation<{ readonly keypairs: readonly string[] }, object>;
  readonly CreateTag: Operation<{ readonly tag_name: string }, { readonly tag_id?: string }>;
  readonly AttachTags: Operation<
    {
      readonly resource_tag_pairs: readonly {
        readonly tag_id: string;
        readonly resource_type: string;
        readonly resource_id: string;
      }[];
    },
    object
  >;
}

export type Action = keyof Operations;
