import type {
  AppVersion,
  Cluster,
  ClusterNode,
  ClusterStatus,
  ClusterWrapper,
  FrontgateMember,
  FrontgateKey,
  LeaseStore,
  LedgerResource,
  MetadataTree,
  PageRequest,
  QueueScope,
  Reserved,
  Runtime,
  SecretBinding,
  TransitionStatus,
} from '../domain/index.ts';
import type { JobStore, TaskStore } from './job-stores.ts';
import type { StoredSecret } from './stored-secret.ts';

// One store for each aggregate. Every method is one transaction, may be repeated, and throws
// WindlassErrors: not-found for an id that does not exist, conflict if a row forbids it, unavailable if
// the database cannot be reached.

export interface RuntimeStore {
  /**
   * Same id again: the stored one. @throws conflict `RUNTIME_NAME_TAKEN` if another has its name,
   * `RUNTIME_DELETED` if the stored one is deleted.
   */
  create(runtime: Runtime, credential: StoredSecret | null): Promise<Runtime>;
  update(
    runtimeId: string,
    change: Partial<Omit<Runtime, 'runtimeId' | 'name' | 'createdAt'>>,
    credential?: StoredSecret,
  ): Promise<Runtime>;
  /** @throws conflict `RUNTIME_IN_USE` while a cluster that is not deleted uses it. */
  delete(runtimeId: string): Promise<Runtime>;
  /** By name or id. @throws not-found `RUNTIME_NOT_FOUND`. */
  get(nameOrId: string): Promise<Runtime>;
  list(page: PageRequest): Promise<readonly Runtime[]>;
  /** By name or id, with the credential that belongs to exactly this state of it. @throws as get. */
  getWithCredential(
    nameOrId: string,
  ): Promise<{ readonly runtime: Runtime; readonly credential: StoredSecret | null }>;
  /** @throws conflict `RUNTIME_DELETED` if this id was used by a runtime that is deleted. */
  refuseDeleted(runtimeId: string): Promise<void>;
}

export interface SecretStore {
  /** Insert if absent: the first value stays. Names: `access/client`, `access/host/<nodeId>`, `conf/<key>`. */
  putIfAbsent(clusterId: string, name: string, secret: StoredSecret): Promise<void>;
  /** @throws not-found `SECRET_NOT_FOUND` */
  get(clusterId: string, name: string): Promise<StoredSecret>;
  list(clusterId: string): Promise<readonly { name: string; secret: StoredSecret }[]>;
  deleteAll(clusterId: string): Promise<void>;
  /**
   * Every stored secret (including those of runtimes) that is not under this key, for rotation; at most
   * `limit`.
   */
  listNotUnder(keyId: string, limit: number): Promise<readonly SecretRow[]>;
  replace(row: SecretRow, secret: StoredSecret): Promise<void>;
}
export interface SecretRow {
  readonly owner: { readonly runtimeId: string } | { readonly clusterId: string; readonly name: string };
  readonly secret: StoredSecret;
  readonly binding: SecretBinding;
}

export interface AppStore {
  putPart(digest: string, index: number, content: Uint8Array): Promise<void>;
  listParts(digest: string): Promise<readonly number[]>;
  /** All parts joined. @throws not-found `APP_PART_MISSING`. */
  readContent(digest: string): Promise<Uint8Array>;
  /**
   * Same digest again: the stored one, renewed. With a claim it belongs to the claimant until a job is
   * opened with it, or it is registered without a claim: it is found only by its id, and in no list.
   */
  create(version: AppVersion, claim?: string): Promise<AppVersion>;
  /** The version of this content, as if it had just been registered (or claimed); null if there is none. */
  renew(digest: string, claim?: string): Promise<AppVersion | null>;
  /**
   * Releases a claim. A version without another claim that is not registered is deleted, with its content.
   */
  release(claim: string): Promise<void>;
  /**
   * Releases claims, and parts of packages that were never complete, that are a day old: their clients are
   * gone.
   */
  forgetLeft(): Promise<void>;
  /** By version id, or by app name for the newest. @throws not-found `APP_NOT_FOUND`. */
  get(versionIdOrName: string): Promise<AppVersion>;
  list(page: PageRequest): Promise<readonly AppVersion[]>;
  /**
   * Deletes a version that no cluster runs or could roll back to, that a newer one of its app has
   * followed, and that was not registered in the last hour: it could be about to be used.
   */
  forgetUnused(versionId: string): Promise<void>;
}

export interface ClusterStore {
  /**
   * Stores all rows at once; the same cluster again changes nothing.
   * @throws conflict `CLUSTER_NAME_TAKEN` naming the existing cluster that has its name.
   */
  create(wrapper: ClusterWrapper): Promise<void>;
  /** @throws conflict `CLUSTER_NAME_TAKEN` if another existing cluster has the name. */
  requireFreeName(name: string, clusterId: string): Promise<void>;
  /** Names of existing clusters, other than this one, that are `name` or begin with `name-`. */
  listNamesLike(name: string, clusterId: string): Promise<ReadonlySet<string>>;
  /**
   * By id, or by name if exactly one existing cluster has it. @throws not-found, conflict
   * `CLUSTER_NAME_AMBIGUOUS`.
   */
  resolve(idOrName: string): Promise<Cluster>;
  load(clusterId: string): Promise<ClusterWrapper>;
  list(
    page: PageRequest & { includeDeleted?: boolean; includeFrontgates?: boolean },
  ): Promise<readonly (Cluster & { nodeCount: number; runtimeName: string })[]>;
  setStatus(
    clusterId: string,
    change: { status?: ClusterStatus; transitionStatus?: TransitionStatus | null },
  ): Promise<void>;
  updateNodes(
    clusterId: string,
    changes: readonly { nodeId: string; change: Partial<ClusterNode> }[],
  ): Promise<void>;
  getMetadata(clusterId: string): Promise<MetadataTree | null>;
  /**
   * Deletes all rows of a deleted cluster: jobs, secrets, everything. Repeating it changes nothing.
   * @throws conflict `CLUSTER_NOT_GONE` while it is not deleted, or the ledger has a resource of it that
   * is not gone.
   */
  forget(clusterId: string): Promise<void>;
  /**
   * The registered trees that a cluster may see, without the trees themselves: its own, those of linked
   * clusters and, with `neighbours`, of all clusters; only of its runtime, whatever a link names. By
   * cluster id.
   */
  listMetadata(clusterId: string, options: { neighbours: boolean }): Promise<readonly MetadataVersion[]>;
  /**
   * What clusters of the account will still create: nodes of clusters with an open job whose ledger rows
   * are not `made`.
   */
  reservedBy(
    scope: { provider: string; account: string; region: string },
    exceptClusterId: string,
  ): Promise<Reserved>;
}

/** The stored state of the frontgate of one runtime and VPC. */
export interface StoredFrontgate {
  /** The clusters that need it; deleted ones do not count. */
  readonly members: readonly FrontgateMember[];
  /** The current frontgate cluster; null if there is none. */
  readonly cluster: Cluster | null;
  /** How many clusters have been this frontgate so far. */
  readonly made: number;
}

export interface FrontgateStore {
  /**
   * Makes the job's cluster a member, with the VPC that was found for it. Repeatable.
   * @throws conflict `JOB_NOT_OPEN`: a frozen worker that continues late changes nothing.
   */
  acquire(jobId: string, key: FrontgateKey): Promise<void>;
  /**
   * The job's cluster becomes a member that only keeps the frontgate, or stops being a member. @throws
   * conflict `JOB_NOT_OPEN`.
   */
  release(jobId: string, left: 'kept' | 'none'): Promise<void>;
  load(key: FrontgateKey): Promise<StoredFrontgate>;
  /**
   * The jump host for the nodes of a cluster: undefined if it is not a member; null if its frontgate has
   * no node now.
   */
  findGate(clusterId: string): Promise<ClusterNode | null | undefined>;
}

/** Shows that a cluster has a registered tree, and which. */
export interface MetadataVersion {
  readonly clusterId: string;
  /** A different value after every change of the tree. */
  readonly version: string;
  /** Links to it from the cluster that asked. */
  readonly links: readonly string[];
}

export interface LedgerStore extends LeaseStore {
  /** Newest generations first; `live`: without those that are gone. */
  list(clusterId: string, filter?: { live?: boolean }): Promise<readonly LedgerResource[]>;
}
/** The budget of requests to a cloud's API that all workers share. */
export interface CallBudgetStore {
  /**
   * Reserves the next `count` request slots of an account and region: the first is due in `waitMs`
   * (negative: already due), the others 1000 / `perSecond` ms apart. The smallest `callsPerSecond` of its
   * runtimes applies, otherwise the default; null if there is no limit.
   */
  reserve(
    scope: QueueScope,
    count: number,
    defaultPerSecond: number | null,
  ): Promise<{ readonly perSecond: number; readonly waitMs: number } | null>;
}

/** Work that at most one worker does at a time. */
export interface LeaderStore {
  /**
   * Makes `holder` the leader of `role` for the next `seconds`, or renews it. False while another one is.
   * The database's clock counts.
   */
  lead(role: string, holder: string, seconds: number): Promise<boolean>;
  /** Lets another one lead at once; does nothing if `holder` does not lead. */
  resign(role: string, holder: string): Promise<void>;
}

/** What a worker reports about itself. */
export interface WorkerReport {
  /** The id of the process; unique. */
  readonly identity: string;
  /** Names of the settings of each provider that it has; null if the provider does not say. */
  readonly providers: Readonly<Record<string, readonly string[] | null>>;
}

/** The existing workers. One that has been silent for half a minute does not count. */
export interface WorkerStore {
  report(report: WorkerReport): Promise<void>;
  leave(identity: string): Promise<void>;
  /** The providers of all workers together. */
  listProviders(): Promise<WorkerReport['providers']>;
}

export interface Stores {
  readonly runtimes: RuntimeStore;
  readonly secrets: SecretStore;
  readonly apps: AppStore;
  readonly clusters: ClusterStore;
  readonly frontgates: FrontgateStore;
  readonly jobs: JobStore;
  readonly tasks: TaskStore;
  readonly ledger: LedgerStore;
  readonly callBudget: CallBudgetStore;
  readonly leaders: LeaderStore;
  readonly workers: WorkerStore;
  /** Applies pending migrations in order; a no-op when there are none. */
  migrate(): Promise<void>;
  /** @throws unavailable `DATABASE_UNAVAILABLE` */
  ping(): Promise<void>;
  close(): Promise<void>;
}
