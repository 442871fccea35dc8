import type { JobAction } from '../domain/actions.ts';
import type { Conf, PackageContent } from '../domain/app.ts';
import type { SecretReference } from '../domain/cluster.ts';
import type { NodeAccessWay } from '../domain/frontgate.ts';
import type { ClusterNode, ClusterWrapper, NodeStatus, ParsedCluster } from '../domain/cluster.ts';
import type { Job, JobOptions } from '../domain/job.ts';
import type { Reserved, Subnet, Vpc } from '../domain/placement.ts';
import type { LedgerResource } from '../domain/resource.ts';
import type { Credential, ProviderSettings, Runtime } from '../domain/runtime.ts';
import type { JobPlan } from '../domain/plan.ts';
import type { PastTask } from '../domain/task.ts';
import type { TaskActionFacts } from '../domain/task-actions.ts';
import type { Call, EffectCall, ObserveCall } from './call.ts';
import type { Capabilities } from './capabilities.ts';
import type { HandleResult, Observation } from './result.ts';
import type { TaskContext } from './task-context.ts';

/** Version of this contract; a worker refuses a provider that was written for another version. */
export const PROVIDER_CONTRACT_VERSION = 2;

export interface ParseClusterConfRequest {
  readonly content: PackageContent;
  readonly runtime: Runtime;
  /** Passwords of a form are references in it; the conf of a chart is whole, for a chart cannot be read without. */
  readonly conf: Conf;
  readonly clusterId: string;
  /** The user's name for the cluster; absent if none was given. It overrides any name in the conf. */
  readonly name?: string;
  /**
   * Absent for a new cluster. With it `content` and `conf` are already the wanted ones. Counts and
   * sizes that the user has changed are no matter of the parse: the engine puts them over the result.
   */
  readonly change?: ClusterChange;
  /**
   * Aborted when the caller no longer wants the cluster; throw `cancelled` soon after. Absent where
   * the caller waits to the end. It says nothing about the cluster.
   */
  readonly signal?: AbortSignal;
}

/** A change that a job makes to an existing cluster. */
export interface ClusterChange {
  readonly action: JobAction;
  readonly options: JobOptions;
  /** The stored cluster. */
  readonly cluster: ClusterWrapper;
}

export interface PlanRequest {
  readonly job: Pick<Job, 'jobId' | 'clusterId' | 'action'> & { readonly options: JobOptions };
  /** The desired cluster, after the job. */
  readonly cluster: ClusterWrapper;
  /**
   * As it was when the job began, for an action that changes what is wanted: nodes that are not in
   * `cluster` leave, those only in `cluster` are new. Absent for an action that changes nothing.
   */
  readonly before?: ClusterWrapper;
  readonly runtime: Runtime;
  /**
   * What came, in earlier jobs, of the tasks that are owed once; the oldest first. Absent for a new
   * cluster. A start does what is owed on nodes; what is owed in the cloud, the engine refuses.
   */
  readonly past?: readonly PastTask[];
}

export interface RuntimeRequest {
  readonly runtime: Runtime;
  readonly credential: Credential;
}

export interface CheckResourceRequest extends RuntimeRequest {
  readonly action: JobAction;
  /** The desired cluster. */
  readonly cluster: ClusterWrapper;
  /** As in PlanRequest. */
  readonly before?: ClusterWrapper;
  /** What running jobs of the same account have reserved and not created yet. */
  readonly reserved: Reserved;
  /** The desired package of the cluster. */
  loadPackage(): Promise<PackageContent>;
  /** The value of a secret of the cluster, which its conf or env refers to. */
  openSecret?(reference: SecretReference): Promise<string>;
}

export interface ValidateCredentialRequest {
  /** Endpoint of the API; empty for the cloud's own. */
  readonly url: string;
  readonly credential: Credential;
  readonly zone: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The account of a credential; both fields are part of queue names: lower case letters, digits, `-`. */
export interface AccountIdentity {
  readonly account: string;
  readonly region: string;
}

export interface ClusterStatusRequest extends RuntimeRequest {
  readonly cluster: ClusterWrapper;
  /** The live ledger rows of the cluster (state intended or made). */
  readonly resources: readonly LedgerResource[];
}

export interface ClusterStatusReport {
  readonly nodes: readonly {
    readonly nodeId: string;
    readonly status: NodeStatus;
    readonly change?: Partial<Pick<ClusterNode, 'instanceId' | 'privateIp' | 'publicIp'>>;
  }[];
}

/** Only for display; no decision depends on it. */
export interface ClusterDetails {
  readonly nodes: readonly {
    readonly nodeId: string;
    readonly state: string;
    readonly facts: Readonly<Record<string, string>>;
  }[];
  readonly facts: Readonly<Record<string, string>>;
}

/** Task actions that only one provider has, with their facts. The engine runs none of them itself. */
export type ProviderTasks = Readonly<Record<string, TaskActionFacts & { readonly by: 'cloud' | 'node' }>>;

/**
 * What a cloud must be able to do so that windlass can run clusters on it: the eleven functions.
 * VM clouds do not write all of it: `createVmProvider` (src/vm) makes a Provider from a
 * ProviderHandler and the functions that only the cloud can answer.
 *
 * Everything a call needs is in its request; a provider sees neither the database nor Temporal,
 * and changes nothing but its own cloud. All errors are WindlassErrors of the closed list; any
 * other error counts as `internal` (R8). No message, log line or result holds a secret (R9).
 * R1 to R12 are the rules of docs/providers.md; the conformance suite tests each.
 */
export interface Provider {
  /** Always the PROVIDER_CONTRACT_VERSION that the provider was written for. */
  readonly contractVersion: number;
  /** Lower case; the value of `runtime create --provider`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * How many requests a second all workers together send for one account and region, unless a runtime sets
   * `callsPerSecond`. Absent: no limit.
   */
  readonly callsPerSecond?: number;
  /**
   * The names of all settings that a runtime of this provider may have: a client refuses any other
   * before it is sent. Absent: none is known, so each counts as one that a credential is bound to.
   */
  readonly settings?: ProviderSettings;
  /**
   * Task actions of this provider's plans that windlass has not: the facts of each. They are handled and
   * observed by `handleSubtask` and `waitSubtask` like all others, and their names are activity types, so
   * append only. Their directives are typed by `declare module` (see TaskDirectives).
   */
  readonly tasks?: ProviderTasks;

  /**
   * How the nodes of this runtime are reached, where its settings decide that; absent,
   * `capabilities.nodeAccess` holds for all. Pure. It must stay the same while a runtime has
   * clusters: the engine refuses an update that would change it.
   */
  nodeAccess?(runtime: Pick<Runtime, 'settings'>): NodeAccessWay;

  /**
   * What a cluster shall be, from a package and the user's conf: roles with their counts, links,
   * env, endpoints. Specs only: the engine adds nodes, ids and everything that happens. With
   * `change`, what a job wants to make of a stored cluster: asked only for actions of
   * `capabilities.actions`. Pure: no effect, no clock, no randomness; the same request gives the
   * same specs.
   *
   * @throws invalid-input, naming the key as `field`, with every fault in `details`.
   */
  parseClusterConf(request: ParseClusterConfRequest): Promise<ParsedCluster>;

  /**
   * The plan of a job. Pure: the same request gives the same plan byte by byte, whatever machine
   * makes it. What the capabilities exclude is refused here, before any effect (R10).
   *
   * @throws invalid-input where the action is not possible for this cluster or provider.
   */
  splitJobIntoTasks(request: PlanRequest): JobPlan;

  /**
   * Starts the effect of a task. May be called any number of times, by any worker, by two at
   * once, at any moment after a crash: the effect happens once (R1). Look
   * before you make; adopt what carries the token; every change of the cloud goes through
   * `call.effect(token, send)` (R2). One whose effect is there within a moment says `done` (R5).
   *
   * After a failure nothing is left that a later handle or delete cannot find by its token (R6).
   *
   * @throws conflict `LEASE_LOST` (from `call.effect`) when another worker has taken over;
   *   unavailable, throttled: the engine retries; quota, permission, invalid-input: it does not.
   */
  handleSubtask(context: TaskContext, call: EffectCall): Promise<HandleResult>;

  /**
   * Observes once whether the effect of a task is there (R4). Not a sleep: it may watch for
   * `call.watchMs` (20 s at most) and returns. It changes nothing. "Not found" just after a
   * create is pending (R7). What it reports when it says done is so (R12).
   *
   * @throws any kind; what can never come true is an error, not pending for ever.
   */
  waitSubtask(context: TaskContext, call: ObserveCall): Promise<Observation>;

  /** Subnets in which clusters of this runtime can be placed. Read only. @throws permission, unavailable. */
  describeSubnets(request: RuntimeRequest, call: Call): Promise<readonly Subnet[]>;

  /** One VPC. Read only. @throws not-found when it does not exist; permission, unavailable. */
  describeVpc(request: RuntimeRequest & { readonly vpcId: string }, call: Call): Promise<Vpc>;

  /**
   * Whether the cloud can take what the action will make: quotas less what running jobs have
   * reserved, placement, names that must exist. Read only; called before any effect of a job.
   *
   * @throws quota (how much is asked, how much is left); invalid-input or not-found with `field`.
   */
  checkResource(request: CheckResourceRequest, call: Call): Promise<void>;

  /**
   * Whether this account is usable at this url and zone. Read only.
   *
   * @returns whose account it is, and the region calls are counted in.
   * @throws permission, not-found or invalid-input with `field` = `url`, `credential` or `zone`.
   */
  validateCredential(request: ValidateCredentialRequest, call: Call): Promise<AccountIdentity>;

  /** The zones that a user may choose, sorted. Read only. @throws permission, unavailable. */
  describeRuntimeProviderZones(
    request: Omit<ValidateCredentialRequest, 'zone'>,
    call: Call,
  ): Promise<readonly string[]>;

  /** The cloud's current state of every node of the cluster. Read only: the engine stores it. */
  updateClusterStatus(request: ClusterStatusRequest, call: Call): Promise<ClusterStatusReport>;

  /** More for display: states, addresses, explanations. Read only. */
  describeClusterDetails(request: ClusterStatusRequest, call: Call): Promise<ClusterDetails>;
}
