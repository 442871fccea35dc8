import type {
  ChartReference,
  Conf,
  ErrorDetail,
  JobOptions,
  JobStatus,
  PageRequest,
  RoleSize,
  Subnet,
  Vpc,
} from '../domain/index.ts';
import type {
  AppVersionView,
  ClusterMetadata,
  ClusterSummary,
  ClusterView,
  JobSummary,
  JobView,
  RuntimeView,
} from '../protocol/index.ts';
import type { JobEvent } from './job-events.ts';
import type { ServerPlace } from './to-windlass-error.ts';

/**
 * Everything that can be asked of windlass. All methods throw WindlassErrors: those of the workers,
 * `unavailable` `TEMPORAL_UNREACHABLE` without a server, `unavailable` `NO_WORKER` when no worker
 * takes the request in time.
 */
export interface WindlassClient {
  readonly runtimes: RuntimesClient;
  readonly apps: AppsClient;
  readonly clusters: ClustersClient;
  readonly jobs: JobsClient;
  /** The server that all of this acts on. */
  readonly server: ServerPlace;
  /** Who answers: version of a worker, providers that it knows. */
  describeWorker(): Promise<{ readonly version: string; readonly providers: readonly string[] }>;
  close(): Promise<void>;
}

/** A page of a list, newest first; 100 items unless told otherwise. */
export type ListOptions = Partial<PageRequest>;

export interface RuntimeRequest {
  readonly name: string;
  readonly provider: string;
  /** Endpoint of the provider's API; the cloud's own when absent. */
  readonly url?: string;
  readonly zone: string;
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * The text of the credential file (JSON, or a kubeconfig); absent for none. It leaves this
   * process sealed to the workers.
   */
  readonly credential?: string;
  readonly requestId?: string;
}

export interface RuntimeChange {
  readonly url?: string;
  readonly zone?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly credential?: string;
}

/** A stored runtime by its name or id, or one that does not exist yet. */
export type RuntimeTarget = string | RuntimeRequest;

export interface RuntimesClient {
  /** The credential is validated first; nothing is stored when it is refused. */
  create(request: RuntimeRequest): Promise<RuntimeView>;
  list(options?: ListOptions): Promise<readonly RuntimeView[]>;
  /** @throws not-found `RUNTIME_NOT_FOUND` */
  describe(runtime: string): Promise<RuntimeView>;
  /** Whose credential it is; throws which part of it is wrong. */
  validate(target: RuntimeTarget): Promise<{ readonly account: string; readonly region: string }>;
  zones(target: RuntimeTarget): Promise<readonly string[]>;
  subnets(runtime: string): Promise<readonly Subnet[]>;
  vpc(runtime: string, vpcId: string): Promise<Vpc>;
  /**
   * @throws invalid-input `CREDENTIAL_NEEDED` where the stored credential was given for another address,
   *   zone, CA or region.
   */
  update(runtime: string, change: RuntimeChange): Promise<RuntimeView>;
  /** @throws conflict `RUNTIME_IN_USE` while clusters use it. */
  delete(runtime: string): Promise<RuntimeView>;
}

/** What a look at a package found. */
export interface PackageCheck {
  readonly appName: string;
  readonly version: string;
  readonly errors: readonly ErrorDetail[];
  readonly warnings: readonly ErrorDetail[];
  /** What is sound and not acted on yet. */
  readonly notes: readonly ErrorDetail[];
}

export type AppDescription = AppVersionView & {
  /** The form that a user fills in. */
  readonly form: unknown;
};

export interface AppsClient {
  /** Reads the folder on this machine; neither server nor worker is asked. */
  validate(path: string): Promise<PackageCheck>;
  /**
   * Brings the folder to the workers, in parts that are sent once, and registers it. Known content
   * is not sent again. `oci://REGISTRY/CHART`, or a chart's name with a repository, is fetched by a
   * worker. @throws invalid-input with every fault of the package, `CREDENTIAL_FORMAT`; for charts what
   * registerChart throws.
   */
  register(path: string, where?: ChartPlace): Promise<AppVersionView>;
  list(options?: ListOptions): Promise<readonly AppVersionView[]>;
  /** `version`: id of a version, or an app's name for its newest. @throws not-found. */
  describe(version: string): Promise<AppDescription>;
}

/** Where a chart is that no file of this machine holds. */
export type ChartPlace = Omit<ChartReference, 'chart' | 'credential'> & {
  /**
   * For a private registry or repository: the text of `{"username": …, "password": …}`. It leaves
   * this process sealed to the workers, for just this request, and is not kept.
   */
  readonly credential?: string;
};

/** A job that was started, or was known already under its request id. */
export interface StartedJob {
  readonly clusterId: string;
  readonly jobId: string;
  readonly status: JobStatus;
}

export interface CreateClusterRequest {
  /** A package's folder, a version id, an app's name for its newest version, or a chart to fetch. */
  readonly app: string;
  /** Where the chart is that `app` names; fetched once. */
  readonly place?: ChartPlace;
  /** Name or id. */
  readonly runtime: string;
  readonly name?: string;
  /** Nested as the package's form is; the form's defaults fill what is absent. */
  readonly conf?: Conf;
  /** Single values by dotted key, as text; typed by the form. They win over `conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The same id again is the same cluster and the same job. Random when absent. */
  readonly requestId?: string;
}

export interface JobRequestOptions {
  /** The same id again is the same job. Random when absent. */
  readonly requestId?: string;
}

/** New values for the package's form; what is absent stays as it is. */
export interface ConfChange {
  /** Nested as the package's form is; null takes a value away, so that the default holds. */
  readonly conf?: Conf;
  /** Single values by dotted key, as text; typed by the form. They win over `conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface UpgradeRequest extends ConfChange, JobRequestOptions {
  /** A package's folder, a version id, the app's name for its newest version, or a chart to fetch. */
  readonly app: string;
  /** Where the chart is that `app` names; fetched once. */
  readonly place?: ChartPlace;
}

export interface AddNodesRequest extends JobRequestOptions {
  /** Absent where the package has no roles. */
  readonly role?: string;
  /** How many more. */
  readonly count: number;
}

/** Exactly these nodes, or so many of a role, the last ones first. */
export type DeleteNodesRequest = JobRequestOptions &
  ({ readonly nodeIds: readonly string[] } | { readonly role?: string; readonly count: number });

export interface ClustersClient {
  /** @throws invalid-input `CONF_INVALID` with every wrong key; nothing is started then. */
  create(request: CreateClusterRequest): Promise<StartedJob>;
  /** Frontgates, which come and go with the clusters behind them, only where asked for. */
  list(
    options?: ListOptions & { readonly includeDeleted?: boolean; readonly includeFrontgates?: boolean },
  ): Promise<readonly ClusterSummary[]>;
  /** By id, or name. `refresh` asks the cloud. */
  describe(cluster: string, options?: { readonly refresh?: boolean }): Promise<ClusterView>;
  /**
   * What its nodes are told; with `node` (id or instance) what that one is. Secrets are masked.
   * @throws conflict `METADATA_MISSING` while it is stopped; not-found `METADATA_PATH`, `NODE_NOT_FOUND`.
   */
  metadata(
    cluster: string,
    options?: { readonly node?: string; readonly path?: string },
  ): Promise<ClusterMetadata | string>;
  /**
   * @throws conflict `CLUSTER_BUSY` naming the job that runs, `CLUSTER_STATUS` where the cluster's
   *   status forbids it; invalid-input `ACTION_NOT_SUPPORTED` where its provider cannot do it;
   *   likewise all that follow. Nothing is started then.
   */
  stop(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
  start(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
  delete(cluster: string, options?: JobRequestOptions & Pick<JobOptions, 'force'>): Promise<StartedJob>;
  /** To another version of the same app. @throws invalid-input `UPGRADE_OTHER_APP`, `CONF_INVALID`. */
  upgrade(cluster: string, request: UpgradeRequest): Promise<StartedJob>;
  /** Back to the version and conf before the last upgrade. @throws conflict `NOTHING_TO_ROLL_BACK`. */
  rollback(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
  /** @throws invalid-input `CONF_INVALID` with every wrong key. */
  updateEnv(cluster: string, request: ConfChange & JobRequestOptions): Promise<StartedJob>;
  addNodes(cluster: string, request: AddNodesRequest): Promise<StartedJob>;
  deleteNodes(cluster: string, request: DeleteNodesRequest): Promise<StartedJob>;
  resize(
    cluster: string,
    request: JobRequestOptions & { readonly sizes: readonly RoleSize[] },
  ): Promise<StartedJob>;
  /** All roles where none is named. */
  restart(
    cluster: string,
    options?: JobRequestOptions & { readonly roles?: readonly string[] },
  ): Promise<StartedJob>;
  /** Makes a failed, or a deleted but not forgotten cluster what it shall be. */
  recover(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
  /** Forgets a deleted cluster for good. @throws conflict `CLUSTER_NOT_GONE` while something of it is left. */
  cease(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
}

export interface WatchOptions {
  /** Ends the iteration; the job goes on. */
  readonly signal?: AbortSignal;
  /** Time between looks; 700 ms when absent. */
  readonly pollMs?: number;
  /** Known where the caller has just started the job, which its worker may not have stored yet. */
  readonly clusterId?: string;
  /** Called with the job as each new look sees it, before the events of that look. */
  readonly onView?: (view: JobView) => void;
}

export interface WaitOptions extends WatchOptions {
  /** @throws timeout `JOB_WAIT_TIMEOUT` after so long; the job goes on. */
  readonly timeoutMs?: number;
  readonly onEvent?: (event: JobEvent) => void;
}

/** A job that was told to end. */
export interface CancelledJob extends JobSummary {
  /** No worker answers now: the job ends when one runs. What is told of it is what Temporal knows. */
  readonly waitsForWorker: boolean;
}

export interface JobsClient {
  list(options?: ListOptions & { readonly clusterId?: string }): Promise<readonly JobSummary[]>;
  /** With what pending activities tell: attempts, last failure, next try. `layer`: all its tasks. */
  describe(
    jobId: string,
    options?: { readonly layer?: number; readonly clusterId?: string },
  ): Promise<JobView>;
  /**
   * Returns the job when it has closed, or is held: look at `status`, `error` and `held`.
   * @throws cancelled `WAIT_ABORTED` when the signal aborts.
   */
  wait(jobId: string, options?: WaitOptions): Promise<JobView>;
  /**
   * What happens in the job, from the state it is found in, until it closes. Goes on through a
   * server or a workforce that is away for a while.
   */
  watch(jobId: string, options?: WatchOptions): AsyncIterable<JobEvent>;
  /**
   * Asks for the end at the next safe point; what was made is kept. Needs no worker: the word is kept
   * until one runs. @throws conflict `JOB_CLOSED`.
   */
  cancel(jobId: string): Promise<CancelledJob>;
  /**
   * The job's histories in the form that Temporal replays: its own first, then, when asked for,
   * those of its slices.
   */
  history(jobId: string, options?: { readonly children?: boolean }): Promise<readonly JobHistory[]>;
}

export interface JobHistory {
  readonly workflowId: string;
  readonly runId: string;
  /** Events as protobuf JSON; what `npm run replay` reads. */
  readonly history: unknown;
}
