import type {
  ChartReference,
  Conf,
  JobAction,
  JobOptions,
  PageRequest,
  SealedSecret,
  SealingKey,
  Subnet,
  Vpc,
} from '../domain/index.ts';
import type { JobRoute } from './queues.ts';
import type {
  AppVersionView,
  ClusterMetadata,
  ClusterSummary,
  ClusterView,
  JobSummary,
  JobView,
  RuntimeView,
} from './views.ts';

export interface RuntimeInput {
  /** Derived by the client from its request id, so that a repeated request creates nothing new. */
  readonly runtimeId: string;
  readonly name: string;
  readonly provider: string;
  readonly url: string;
  readonly zone: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Sealed JSON of the credential, bound by credentialBinding; null for none. */
  readonly credential: SealedSecret | null;
}

export interface RuntimeUpdate {
  /** Name or id. */
  readonly runtime: string;
  readonly url?: string;
  readonly zone?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly credential?: SealedSecret;
}

/** Describes a runtime's resources before the runtime exists. */
export type RuntimeQuery = { readonly runtime: string } | { readonly input: RuntimeInput };

/**
 * A package that comes with a request is claimed by it: a version that was not registered before is in no
 * list until a job is opened with it, and is deleted if the request is refused.
 */
export interface Claimed {
  /** An id that the claimant chooses. Absent: the package is registered permanently. */
  readonly claim?: string;
}

export interface AppUpload extends Claimed {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly parts: number;
}

/** The size of one part of a package upload, in bytes. */
export const PART_BYTES = 1_000_000;

export interface CreateClusterInput {
  readonly clusterId: string;
  readonly jobId: string;
  /** Name or id. */
  readonly runtime: string;
  readonly versionId: string;
  /** Overrides `cluster.name` of the conf. */
  readonly name?: string;
  /** Its passwords are SealedValues, bound to all of this request (bindConf). */
  readonly conf: Conf;
}

/** The input of a checked job. */
export interface CheckedRequest {
  readonly runtimeId: string;
  readonly versionId: string;
  readonly route: JobRoute;
}

export interface JobRequestInput {
  readonly jobId: string;
  readonly clusterId: string;
  readonly action: JobAction;
  readonly options: JobOptions;
}

/**
 * The standalone activities that a client runs on the queue of requests: everything short that is not a
 * job. All may be repeated; none has an effect in a cloud. They throw WindlassErrors.
 */
export interface Requests {
  getSealingKey(): Promise<SealingKey>;
  /**
   * Takes no input. The version is of the answering worker, `providers` are those of all workers.
   * `settings`: names by provider, if it declares them.
   */
  describeWorker(): Promise<{
    version: string;
    providers: readonly string[];
    settings: Readonly<Record<string, readonly string[]>>;
  }>;

  /** Validates the credential with the cloud first; if it is refused, nothing is stored. */
  createRuntime(input: RuntimeInput): Promise<RuntimeView>;
  updateRuntime(update: RuntimeUpdate): Promise<RuntimeView>;
  /** @throws conflict while clusters use it. */
  deleteRuntime(request: { runtime: string }): Promise<RuntimeView>;
  listRuntimes(page: PageRequest): Promise<readonly RuntimeView[]>;
  describeRuntime(request: { runtime: string }): Promise<RuntimeView>;
  validateRuntime(query: RuntimeQuery): Promise<{ account: string; region: string }>;
  listZones(query: RuntimeQuery): Promise<readonly string[]>;
  listSubnets(request: { runtime: string }): Promise<readonly Subnet[]>;
  describeVpc(request: { runtime: string; vpcId: string }): Promise<Vpc>;

  /** Which parts of a package the workers still need, from 0; empty when all are there. */
  beginAppUpload(
    upload: AppUpload,
  ): Promise<{ missing: readonly number[]; registered: AppVersionView | null }>;
  /** base64 of one part; a repeated part is the same part. */
  putAppPart(request: { digest: string; index: number; base64: string }): Promise<void>;
  /** Checks the digest, reads the package, registers it. @throws invalid-input with every fault. */
  registerApp(upload: AppUpload): Promise<AppVersionView>;
  /**
   * Fetches a chart with helm, checks it and registers its content, as if it had been uploaded.
   * @throws invalid-input `CHART_REFERENCE`, `CHART_DIGEST`, `CHART_PULL`; not-found `CHART_NOT_FOUND`;
   *   unavailable `CHART_UNREACHABLE`, `HELM_NOT_FOUND`; permission `CHART_TLS`, `CHART_UNAUTHORIZED`;
   *   invalid-input `SEALED_SECRET` for a credential that was sealed for another reference.
   */
  registerChart(reference: ChartReference & Claimed): Promise<AppVersionView>;
  /** Releases what was claimed for a request that was refused. */
  releaseApp(request: { claim: string }): Promise<void>;
  listApps(page: PageRequest): Promise<readonly AppVersionView[]>;
  /** With the form that a user fills in. `version`: id, or app name for its newest. */
  describeApp(request: { version: string }): Promise<AppVersionView & { form: unknown }>;

  /** Everything that can be known to be wrong before a job exists. @throws invalid-input, not-found. */
  checkCreateCluster(input: CreateClusterInput): Promise<CheckedRequest>;
  /** The same for a job on an existing cluster. @throws not-found, conflict (wrong status, busy). */
  checkJob(input: JobRequestInput): Promise<CheckedRequest & { readonly appName: string }>;
  /** `cluster` is an id, or a name if only one cluster has it. */
  describeCluster(request: { cluster: string; refresh?: boolean }): Promise<ClusterView>;
  /**
   * The metadata of the cluster's nodes, with `node` (id or instance) the metadata of that one; secrets
   * are masked. `path` as in templates, e.g. `/hosts/server`. @throws conflict `METADATA_MISSING`.
   */
  readMetadata(request: { cluster: string; node?: string; path?: string }): Promise<ClusterMetadata | string>;
  /** Frontgates, which the engine creates and deletes by itself, only if requested. */
  listClusters(
    page: PageRequest & { includeDeleted?: boolean; includeFrontgates?: boolean },
  ): Promise<readonly ClusterSummary[]>;

  /** From the job log alone; pending activities are added by the client. `layer`: all tasks of that one. */
  describeJob(request: { jobId: string; layer?: number }): Promise<JobView>;
  /** Null if no such job is known (yet). */
  findJob(request: { jobId: string }): Promise<JobSummary | null>;
  listJobs(page: PageRequest & { clusterId?: string }): Promise<readonly JobSummary[]>;
}

/** Every name, once: clients use only these, and workers register them. */
export const REQUEST_NAMES = Object.keys({
  getSealingKey: true,
  describeWorker: true,
  createRuntime: true,
  updateRuntime: true,
  deleteRuntime: true,
  listRuntimes: true,
  describeRuntime: true,
  validateRuntime: true,
  listZones: true,
  listSubnets: true,
  describeVpc: true,
  beginAppUpload: true,
  putAppPart: true,
  registerApp: true,
  registerChart: true,
  releaseApp: true,
  listApps: true,
  describeApp: true,
  checkCreateCluster: true,
  checkJob: true,
  describeCluster: true,
  readMetadata: true,
  listClusters: true,
  describeJob: true,
  findJob: true,
  listJobs: true,
} satisfies Readonly<Record<keyof Requests, true>>) as readonly (keyof Requests)[];
