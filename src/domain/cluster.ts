import type { Conf } from './app.ts';
import type { ServiceSpec } from './service.ts';

export const CLUSTER_STATUSES = ['pending', 'active', 'stopped', 'failed', 'deleted'] as const;
/**
 * `pending`: rows exist, nothing runs yet. `failed`: a job ended before the cluster was complete; it can
 * be deleted. `deleted`: no resource is left, the rows are kept until `cease`.
 */
export type ClusterStatus = (typeof CLUSTER_STATUSES)[number];

export const TRANSITION_STATUSES = [
  'creating',
  'stopping',
  'starting',
  'deleting',
  'ceasing',
  'scaling',
  'resizing',
  'updating',
  'restarting',
  'upgrading',
  'rolling-back',
  'recovering',
  'running-service',
] as const;
export type TransitionStatus = (typeof TRANSITION_STATUSES)[number];

export const NODE_STATUSES = ['pending', 'active', 'stopped', 'lost', 'failed', 'deleted'] as const;
/** `lost`: the provider no longer knows the instance that was created. */
export type NodeStatus = (typeof NODE_STATUSES)[number];

/** Replaces a secret's value in rows and trees; decrypted only on its way to a node. */
export interface SecretReference {
  readonly $secret: string;
}

export type EnvValue = string | number | boolean | null | SecretReference;
export type Env = Readonly<Record<string, EnvValue>>;

export interface Endpoint {
  readonly name: string;
  /** A number, or a reference such as `env.port` or `<role>.env.port`. */
  readonly port: number | string;
  readonly protocol: string;
}

/** An endpoint with what serves it now. */
export interface ServedEndpoint {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  /** `address:port` of every node that serves it. */
  readonly addresses: readonly string[];
}

/** A command that serves the whole cluster, such as `update_nodes_names`. */
export interface AdvancedService {
  readonly name: string;
  readonly command: string;
  readonly timeoutSeconds: number;
}
/**
 * `app`: it runs an application package. `frontgate`: it is the jump host of a VPC, one node that the
 * engine creates and deletes as clusters need it; only the engine gives it jobs.
 */
export type ClusterPurpose = 'app' | 'frontgate';

/**
 * The specs of a whole cluster, from package and conf: a provider decides them each time it parses these.
 * The facts of a cluster are ClusterFacts.
 */
export interface ClusterSpec {
  readonly description: string;
  readonly env: Env;
  readonly endpoints: readonly Endpoint[];
  /** What the package declares beyond the typed fields; kept unchanged for display and later actions. */
  readonly metadataRootAccess: boolean;
  readonly advancedActions: readonly string[];
  readonly upgradePolicy: readonly string[];
  readonly healthCheck: Readonly<Record<string, unknown>> | null;
  readonly monitor: Readonly<Record<string, unknown>> | null;
  readonly displayTabs: Readonly<Record<string, unknown>> | null;
  /** `device`: snapshots of the volumes; `custom`: the package's own commands; null: no backups. */
  readonly backupPolicy: string | null;
  readonly incrementalBackupSupported: boolean;
  /** The order of an upgrade over the nodes: `sequential` or `parallel`; null if the package names none. */
  readonly upgradingPolicy: string | null;
  /** How nodes are spread over several zones, e.g. `round_robin`; null if the package names nothing. */
  readonly multiZonePolicy: string | null;
  /** Commands that run on any one node of the cluster. */
  readonly advancedServices: readonly AdvancedService[];
  /** Names with which links may begin that are added once the cluster exists. */
  readonly addLinks: readonly string[];
  /** Fields of the package beyond its specification, unchanged. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** What a new cluster is given by its conf, and keeps: later changes of the conf do not move it. */
export interface ClusterPlace {
  readonly name: string;
  readonly subnetId: string;
  readonly reservedIps: Readonly<Record<string, string>>;
}

/** The values that a cluster got when it was created, and its facts. Only the engine sets them. */
export interface ClusterFacts extends ClusterPlace {
  readonly clusterId: string;
  readonly purpose: ClusterPurpose;
  readonly runtimeId: string;
  /** Digest-derived id of the package content that the cluster runs. */
  readonly versionId: string;
  readonly appName: string;
  readonly vpcId: string;
  readonly status: ClusterStatus;
  readonly transitionStatus: TransitionStatus | null;
  /**
   * What the user filled in, without the package's defaults: what an upgrade or an update starts
   * from. A password in it is a SecretReference.
   */
  readonly conf: Conf;
  /** What it ran before the last upgrade, for a rollback; null when there is nothing to go back to. */
  readonly previous: PreviousVersion | null;
  /** Counts and sizes that the user has changed; at most one entry a role. */
  readonly adjustments: readonly RoleAdjustment[];
  /**
   * Whether it was ever whole: true from the first job that was successful and left it active, for
   * good. Such a cluster may hold data, so a delete asks it first.
   */
  readonly wasActive: boolean;
  readonly createdAt: string;
}

export interface Cluster extends ClusterSpec, ClusterFacts {}

/** What the nodes of a role shall have; what is absent stays as it is. */
export interface RoleSize {
  readonly role: string;
  /** CPUs; a fraction if the provider supports one. */
  readonly cpu?: number;
  readonly memoryMiB?: number;
  /** Upper limits, if the provider has limits apart from sizes. */
  readonly cpuLimit?: number;
  readonly memoryLimitMiB?: number;
  readonly instanceClass?: number;
  /** Of every volume of the role. */
  readonly volumeSizeGiB?: number;
}

/**
 * What the user has changed of a role beside the conf: applied over the conf after every parse, so that an
 * update or an upgrade keeps it.
 */
export interface RoleAdjustment {
  readonly role: string;
  /** Nodes of the role, replicas not counted; absent: as many as the conf says. */
  readonly count?: number;
  /** Absent, or a part of it: as the conf says. */
  readonly size?: Omit<RoleSize, 'role'>;
  /** Nodes that will be removed; kept until they are. */
  readonly leavingServerIds?: readonly number[];
}

/** What a provider makes of package and conf. The engine adds adjustments, nodes and facts. */
export interface ParsedCluster {
  /** For a new cluster; one that exists keeps what it has. */
  readonly place: ClusterPlace;
  readonly cluster: ClusterSpec;
  readonly roles: readonly RoleSpec[];
  /** Link name → id of the cluster it leads to. */
  readonly links: Readonly<Record<string, string>>;
}

export interface PreviousVersion {
  readonly versionId: string;
  readonly conf: Conf;
}

export interface VolumeSpec {
  /** Position among the volumes of a node, from 0; part of the volume's token. */
  readonly index: number;
  readonly sizeGiB: number;
  /** The package's class number; each provider maps it. */
  readonly volumeClass: number;
  readonly mountPoint: string;
  readonly mountOptions: string;
  readonly filesystem: string;
}

export interface ContainerSpec {
  readonly type: string;
  readonly image: string;
  readonly zone: string;
}

/** What all nodes of a role shall be. A package without roles has one role, named ''. */
export interface RoleSpec {
  readonly role: string;
  /** How many nodes, replicas not counted. */
  readonly count: number;
  readonly container: ContainerSpec;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
  readonly gpuClass: number;
  readonly instanceClass: number;
  readonly volumes: readonly VolumeSpec[];
  readonly services: readonly ServiceSpec[];
  readonly env: Env;
  /** Copies of each node; they form nodes of role `<role>-replica`. */
  readonly replica: number;
  readonly serverIdUpperBound: number | null;
  readonly passphraseless: string | null;
  readonly verticalScalingPolicy: 'sequential' | 'parallel';
  readonly userAccess: boolean;
  readonly agentInstalled: boolean;
  readonly customMetadata: { readonly command: string; readonly timeoutSeconds: number } | null;
  readonly healthCheck: Readonly<Record<string, unknown>> | null;
  readonly monitor: Readonly<Record<string, unknown>> | null;
  readonly advancedActions: readonly string[];
  /** Whether the role declares a backup service, with a command of its own or without. */
  readonly supportsBackup: boolean;
  /** Load balancers that the user chose for the role; empty where none is wanted. */
  readonly loadBalancers: readonly unknown[];
  /** Fields of the role beyond the specification, unchanged. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A role as it is stored. */
export interface ClusterRole extends RoleSpec {
  readonly clusterId: string;
}

export interface NodeVolume {
  readonly index: number;
  /** The provider's id; empty until it is created. */
  readonly volumeId: string;
  readonly sizeGiB: number;
  /** The device on the node; empty while detached. */
  readonly device: string;
  readonly mountPoint: string;
}

/** Which node of its cluster a node is. */
export interface NodeSpec {
  /** `cln-` and twelve hex digits; the same for the same cluster, role and server id. */
  readonly nodeId: string;
  readonly role: string;
  /** From 1, unique within the role's group of roles, never above the role's upper bound. */
  readonly serverId: number;
  /** From 1; a node and its replicas share it. */
  readonly groupId: number;
  /** Nine digits, unique across clusters. */
  readonly globalServerId: number;
  readonly isReplica: boolean;
}

/** What has happened to a node. */
export interface NodeFacts {
  readonly clusterId: string;
  readonly status: NodeStatus;
  /** The provider's id; empty until it is created. */
  readonly instanceId: string;
  readonly privateIp: string;
  readonly publicIp: string;
  /** How sshd of the node is reached. */
  readonly ssh: NodeSsh;
  readonly volumes: readonly NodeVolume[];
  /** OpenSSH public key of the node's `passphraseless` pair, once generated. */
  readonly passphraselessKey: string;
  /** Output of the role's custom metadata command. */
  readonly customToken: string;
}

export interface ClusterNode extends NodeSpec, NodeFacts {}

export interface NodeSsh {
  /**
   * The address that the worker connects to, if it is not the node's private one (a frontgate's public
   * one).
   */
  readonly host?: string;
  readonly port: number;
  readonly user: string;
  /**
   * OpenSSH public host key that the node must show; never one that was seen on the wire. First the
   * one that it was given by user-data, after its first connection the one it was given over that.
   */
  readonly hostKey: string;
  /**
   * Prefix of every path on the node: empty on machines of their own, a folder if a node shares a file
   * system with others (the local provider).
   */
  readonly root: string;
}

/** A link to another cluster of the same runtime. */
export interface ClusterLink {
  readonly clusterId: string;
  readonly name: string;
  readonly targetClusterId: string;
}

/** A cluster with all that belongs to it. */
export interface ClusterWrapper {
  readonly cluster: Cluster;
  readonly roles: readonly ClusterRole[];
  readonly nodes: readonly ClusterNode[];
  readonly links: readonly ClusterLink[];
}

/** Role of the nodes that are replicas of a role's. */
export function replicaRole(role: string): string {
  return `${role}-replica`;
}
