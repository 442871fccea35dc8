import type { PackageContent } from '../domain/app.ts';
import type {
  Cluster,
  ClusterNode,
  ClusterRole,
  ClusterWrapper,
  SecretReference,
} from '../domain/cluster.ts';
import type { Job } from '../domain/job.ts';
import type { MetadataTree } from '../domain/metadata.ts';
import type { LedgerResource } from '../domain/resource.ts';
import type { Credential, Runtime } from '../domain/runtime.ts';
import type { Task } from '../domain/task.ts';
import type { TaskAction } from '../domain/task-actions.ts';

/** Keys by which a node is reached; all in OpenSSH format. Never stored or logged in this form. */
export interface NodeAccess {
  /** Public half of the cluster's key pair: the node must accept it. */
  readonly authorizedKey: string;
  /** Private half of the cluster's key pair: the worker connects with it. */
  readonly clientPrivateKey: string;
  /** The node's first host key pair, generated before the node is created, given to it in its user-data. */
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
  /** The jump host of the node; absent if the worker reaches it directly. */
  readonly jumpHost?: JumpHost;
}

/** The frontgate of a node: its sshd, with keys of its own. */
export interface JumpHost {
  /** The name of the frontgate's own cluster, for messages. */
  readonly clusterId: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostPublicKey: string;
  readonly clientPrivateKey: string;
}

/** Both halves of a host key, in OpenSSH format. */
export interface HostKeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The registered tree of another cluster, as far as this cluster may see it. */
export interface RelatedMetadata {
  readonly clusterId: string;
  /**
   * The links of this cluster to that one; none for a cluster that is visible only through
   * `metadata_root_access`.
   */
  readonly links: readonly string[];
  /** The same object as long as the tree is unchanged. */
  readonly tree: MetadataTree;
  /** Values of that cluster; null if it is not linked: its secrets stay its own. */
  readonly openSecret: ((reference: SecretReference) => Promise<string>) | null;
}

/** A task of one of these actions with everything that it refers to, loaded by the engine. */
export interface TaskContext<Actions extends TaskAction = TaskAction> {
  readonly task: Task<Actions>;
  readonly job: Job;
  readonly runtime: Runtime;
  readonly credential: Credential;
  readonly cluster: Cluster;
  /** Null for a task of the whole cluster. */
  readonly node: ClusterNode | null;
  readonly role: ClusterRole | null;
  /** Null if `node` is. */
  readonly access: NodeAccess | null;
  /** The frontgate of the cluster's VPC, for a task of the whole cluster that needs it. */
  readonly jumpHost?: JumpHost;
  /** The newest generation of every ledger row of the node (of the cluster, for its own tasks), by kind. */
  readonly resources: Readonly<Record<string, LedgerResource>>;
  /** The whole cluster; for tasks that concern all nodes. */
  loadCluster(): Promise<ClusterWrapper>;
  /** The package that the cluster runs. */
  loadPackage(): Promise<PackageContent>;
  /**
   * The registered metadata tree, the same object as long as it is unchanged; null when none is
   * registered.
   */
  loadMetadata(): Promise<MetadataTree | null>;
  /**
   * Trees of linked clusters, and with `metadata_root_access` of all clusters of the runtime that have
   * one.
   */
  loadRelatedMetadata(): Promise<readonly RelatedMetadata[]>;
  /** The value behind a reference; it may only be sent to a node. @throws not-found */
  openSecret(reference: SecretReference): Promise<string>;
  /**
   * The host key pair that PrepareNode gives the node over its first connection, replacing the one in its
   * user-data. Generated before the node is created, and the same for every call.
   */
  loadChangedHostKey(): Promise<HostKeyPair>;
  /** Values that must not appear in output that is read back from a node. */
  loadSecretValues(): Promise<readonly string[]>;
}
