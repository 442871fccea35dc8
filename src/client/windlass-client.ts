import type {
  ChartReference,
  Conf,
  ErrorDetail,
  JobAction,
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
import type { ServerAddress } from './to-windlass-error.ts';

/**
 * Everything that windlass offers. All methods throw WindlassErrors: those of the workers, `unavailable`
 * `TEMPORAL_UNREACHABLE` without a server, `unavailable` `NO_WORKER` when no worker takes the request in
 * time.
 */
export interface WindlassClient {
  readonly runtimes: RuntimesClient;
  readonly apps: AppsClient;
  readonly clusters: ClustersClient;
  readonly jobs: JobsClient;
  /** The server that all of this acts on. */
  readonly server: ServerAddress;
  /** The answering worker: its version, and the providers that it has. */
  describeWorker(): Promise<{ readonly version: string; readonly providers: readonly string[] }>;
  close(): Promise<void>;
}

/** A page of a list, newest first; 100 items by default. */
export type ListOptions = Partial<PageRequest>;

export interface RuntimeRequest {
  readonly name: string;
  readonly provider: string;
  /** Endpoint of the provider's API; the cloud's own if absent. */
  readonly url?: string;
  readonly zone: string;
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * The text of the credential file (JSON, or a kubeconfig); absent for none. It leaves this process
   * sealed to the workers.
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
  /** The credential is validated first; if it is refused, nothing is stored. */
  create(request: RuntimeRequest): Promise<RuntimeView>;
  list(options?: ListOptions): Promise<readonly RuntimeView[]>;
  /** @throws not-found `RUNTIME_NOT_FOUND` */
  describe(runtime: string): Promise<RuntimeView>;
  /** The identity of the credential; throws which part of it is wrong. */
  validate(target: RuntimeTarget): Promise<{ readonly account: string; readonly region: string }>;
  zones(target: RuntimeTarget): Promise<readonly string[]>;
  subnets(runtime: string): Promise<readonly Subnet[]>;
  vpc(runtime: string, vpcId: string): Promise<Vpc>;
  /**
   * @throws invalid-input `CREDENTIAL_NEEDED` if the stored credential was given for another address,
   * zone, CA or region.
   */
  update(runtime: string, change: RuntimeChange): Promise<RuntimeView>;
  /** @throws conflict `RUNTIME_IN_USE` while clusters use it. */
  delete(runtime: string): Promise<RuntimeView>;
}

/** The result of checking a package. */
export interface PackageCheck {
  readonly appName: string;
  readonly version: string;
  readonly errors: readonly ErrorDetail[];
  readonly warnings: readonly ErrorDetail[];
  /** Valid settings that have no effect yet. */
  readonly notes: readonly ErrorDetail[];
}

export type AppDescription = AppVersionView & {
  /** The form that a user fills in. */
  readonly form: unknown;
};

export interface AppsClient {
  /** Reads the folder on this machine; neither server nor worker is needed. */
  validate(path: string): Promise<PackageCheck>;
  /**
   * Sends the folder to the workers, in parts, and registers it. Known content is not sent again.
   * `oci://REGISTRY/CHART`, or a chart's name with a repository, is fetched by a worker. @throws
   * invalid-input with every fault of the package, `CREDENTIAL_FORMAT`; for charts the errors of
   * registerChart.
   */
  register(path: string, source?: ChartSource): Promise<AppVersionView>;
  list(options?: ListOptions): Promise<readonly AppVersionView[]>;
  /** `version`: id of a version, or an app's name for its newest. @throws not-found. */
  describe(version: string): Promise<AppDescription>;
}

/** The location of a chart that is not a file of this machine. */
export type ChartSource = Omit<ChartReference, 'chart' | 'credential'> & {
  /**
   * For a private registry or repository: the text of `{"username": …, "password": …}`. It leaves this
   * process sealed to the workers, for just this request, and is not stored.
   */
  readonly credential?: string;
};

/** A job that was started, or was already known under its request id. */
export interface StartedJob {
  readonly clusterId: string;
  readonly jobId: string;
  readonly status: JobStatus;
}

export interface CreateClusterRequest {
  /** A package's folder, a version id, an app's name for its newest version, or a chart to fetch. */
  readonly app: string;
  /** The location of the chart that `app` names; it is fetched once. */
  readonly source?: ChartSource;
  /** Name or id. */
  readonly runtime: string;
  readonly name?: string;
  /** Nested as the package's form is; the form's defaults fill in absent values. */
  readonly conf?: Conf;
  /** Single values by dotted key, as text; typed by the form. They override `conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The same id again is the same cluster and the same job. Random if absent. */
  readonly requestId?: string;
}

export interface JobRequestOptions {
  /** The same id again is the same job. Random if absent. */
  readonly requestId?: string;
}

/** New values for the package's form; absent ones stay the same. */
export interface ConfChange {
  /** Nested as the package's form is; null removes a value, so that the default applies. */
  readonly conf?: Conf;
  /** Single values by dotted key, as text; typed by the form. They override `conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface UpgradeRequest extends ConfChange, JobRequestOptions {
  /** A package's folder, a version id, the app's name for its newest version, or a chart to fetch. */
  readonly app: string;
  /** The location of the chart that `app` names; it is fetched once. */
  readonly source?: ChartSource;
}

export interface AddNodesRequest extends JobRequestOptions {
  /** Absent if the package has no roles. */
  readonly role?: string;
  /** How many more. */
  readonly count: number;
}

/** Exactly these nodes, or a number of nodes of a role, the last ones first. */
export type DeleteNodesRequest = JobRequestOptions &
  ({ readonly nodeIds: readonly string[] } | { readonly role?: string; readonly count: number });

export interface ClustersClient {
  /** @throws invalid-input `CONF_INVALID` with every wrong key; nothing is started then. */
  create(request: CreateClusterRequest): Promise<StartedJob>;
  /** Frontgates, which are created and deleted with the clusters behind them, only if requested. */
  list(
    options?: ListOptions & { readonly includeDeleted?: boolean; readonly includeFrontgates?: boolean },
  ): Promise<readonly ClusterSummary[]>;
  /** By id, or name. `refresh` asks the cloud. */
  describe(cluster: string, options?: { readonly refresh?: boolean }): Promise<ClusterView>;
  /**
   * The metadata of its nodes; with `node` (id or instance) the metadata of that one. Secrets are masked.
   * @throws conflict `METADATA_MISSING` while it is stopped; not-found `METADATA_PATH`, `NODE_NOT_FOUND`.
   */
  metadata(
    cluster: string,
    options?: { readonly node?: string; readonly path?: string },
  ): Promise<ClusterMetadata | string>;
  /**
   * @throws conflict `CLUSTER_BUSY` naming the job that runs, `CLUSTER_STATUS` if the cluster's status
   * forbids it; invalid-input `ACTION_NOT_SUPPORTED` if its provider cannot do it; the same for all that
   * follow. Nothing is started then.
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
  /** All roles if none is named. */
  restart(
    cluster: string,
    options?: JobRequestOptions & { readonly roles?: readonly string[] },
  ): Promise<StartedJob>;
  /** Brings a failed, or a deleted but not forgotten, cluster to its desired state. */
  recover(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
  /**
   * Forgets a deleted cluster permanently. @throws conflict `CLUSTER_NOT_GONE` while something of it is
   * left.
   */
  cease(cluster: string, options?: JobRequestOptions): Promise<StartedJob>;
  /** Any other action of the table that takes no options, by its name. */
  run(cluster: string, action: JobAction, options?: JobRequestOptions): Promise<StartedJob>;
}

export interface WatchOptions {
  /** Ends the iteration; the job continues. */
  readonly signal?: AbortSignal;
  /** Time between polls; 700 ms if absent. */
  readonly pollMs?: number;
  /** Known if the caller has just started the job, which its worker may not have stored yet. */
  readonly clusterId?: string;
  /** Called with the job's view after each new poll, before the events of that poll. */
  readonly onView?: (view: JobView) => void;
}

export interface WaitOptions extends WatchOptions {
  /** @throws timeout `JOB_WAIT_TIMEOUT` after this time; the job continues. */
  readonly timeoutMs?: number;
  readonly onEvent?: (event: JobEvent) => void;
}

/** A job that was asked to end. */
export interface CancelledJob extends JobSummary {
  /** No worker answers now: the job ends when one runs. The data is what Temporal knows. */
  readonly waitsForWorker: boolean;
}

export interface JobsClient {
  list(options?: ListOptions & { readonly clusterId?: string }): Promise<readonly JobSummary[]>;
  /** With the data of pending activities: attempts, last failure, next attempt. `layer`: all its tasks. */
  describe(
    jobId: string,
    options?: { readonly layer?: number; readonly clusterId?: string },
  ): Promise<JobView>;
  /**
   * Returns the job when it has closed, or is held: check `status`, `error` and `held`.
   * @throws cancelled `WAIT_ABORTED` when the signal aborts.
   */
  wait(jobId: string, options?: WaitOptions): Promise<JobView>;
  /**
   * What happens in the job, from its current state until it closes. Continues while the server or the
   * workers are away for some time.
   */
  watch(jobId: string, options?: WatchOptions): AsyncIterable<JobEvent>;
  /**
   * Requests the end at the next safe point; what was created is kept. Needs no worker: the request is
   * kept until one runs. @throws conflict `JOB_CLOSED`.
   */
  cancel(jobId: string): Promise<CancelledJob>;
  /**
   * The job's histories in the form that Temporal replays: those of its runs, the newest first (a
   * long job has several), each followed, when asked for, by those of its slices.
   */
  history(jobId: string, options?: { readonly children?: boolean }): Promise<readonly JobHistory[]>;
}

export interface JobHistory {
  readonly workflowId: string;
  readonly runId: string;
  /** Events as protobuf JSON; what `npm run replay` reads. */
  readonly history: unknown;
}
