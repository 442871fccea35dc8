import type {
  ClusterPurpose,
  Conf,
  Credential,
  ErrorKind,
  PackageContent,
  Runtime,
} from '../domain/index.ts';
import type { Capabilities, Provider } from '../provider/index.ts';

/** The two functions of a test runner that the suite needs: those of Vitest, node:test or Mocha. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
  /** `after` in Mocha and node:test. */
  afterAll(body: () => Promise<void>): unknown;
}

/** One instance, volume or release, as the cloud itself reports it. */
export interface CloudResource {
  readonly kind: 'instance' | 'volume' | 'release';
  /** Its complete token, as in the ledger. */
  readonly token: string;
  readonly id: string;
  /**
   * `changing`: on its way from one to another. `running`, `stopped`: instances and releases.
   * `recorded`: of a release nothing is left but its record. The others: volumes.
   */
  readonly state: 'changing' | 'running' | 'stopped' | 'recorded' | 'available' | 'attached';
  /** Instances, if the cloud reports it. */
  readonly cpu?: number;
  /** Instances, if the cloud reports it. */
  readonly memoryMiB?: number;
  /**
   * Releases: the conf that it runs, derived from the live objects; the harness's `conf` and `changedConf`
   * differ in it.
   */
  readonly version?: string;
  /** Volumes. */
  readonly sizeGiB?: number;
  /** Volumes: id of the instance. */
  readonly attachedTo?: string;
  /** Volumes that are attached: the device on the node. */
  readonly device?: string;
  /** Instances: the address for other nodes. */
  readonly address?: string;
}

/** The oracle: the cloud's own state, read without the provider under test. */
export interface ConformanceCloud {
  /** Everything that exists, of any cluster; what is gone is not listed. */
  list(): Promise<readonly CloudResource[]>;
  /**
   * Destroys an instance, or a release with all that is in it, outside of the provider, like a user of the
   * console.
   */
  destroyInstance(id: string): Promise<void>;
  /**
   * How many requests of the provider the cloud's API has received so far, without those of the harness;
   * for the rule that each is sent within the budget of calls.
   */
  countRequests?(): Promise<number>;
  /** Delays every answer of the cloud's API until the function that it returns is called. */
  holdAnswers?(): Promise<() => Promise<void>>;
  /** Every request to the cloud's API ends as `disturbance` says until the function that it returns is called. */
  disturb?(disturbance: Disturbance): Promise<() => Promise<void>>;
  /** Makes an instance fail permanently while it starts, as clouds do that run out of capacity late. */
  failInstance?(id: string): Promise<void>;
}

/**
 * How the requests to an API end on a bad day. `throttled`: refused, and not carried out. `failed`: the
 * API says that it failed, and has done nothing. `broken`: carried out, but the connection breaks
 * before an answer comes.
 */
export const DISTURBANCES = ['throttled', 'failed', 'broken'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/**
 * What a harness may lack, because its cloud has no such thing: functions of `cloud` and of the harness,
 * and fields of what `cloud.list` returns. `lastingFence`: that what was made once with a token is
 * never made again with it, not even when it was deleted (R1).
 */
export type OptionalPart =
  | 'countRequests'
  | 'holdAnswers'
  | 'disturb'
  | 'failInstance'
  | 'fillFirstPlacement'
  | 'fillAllPlacements'
  | 'address'
  | 'device'
  | 'lastingFence';

/** A provider with a cloud of its own, fresh and empty. */
export interface ConformanceHarness {
  readonly provider: Provider;
  readonly runtime: Runtime;
  readonly credential: Credential;
  /** A credential that the cloud refuses, and the kind of the error; null if there are no credentials. */
  readonly badCredential: { readonly credential: Credential; readonly kind: ErrorKind } | null;
  /** A package with at least one role, and with volumes where the provider has them. */
  readonly content: PackageContent;
  readonly conf: Conf;
  /** The purpose of the suite's clusters; `app` if absent. */
  readonly purpose?: ClusterPurpose;
  /** Providers of releases: another conf, and the cloud's `version` for each of the two. */
  readonly changed?: {
    readonly conf: Conf;
    readonly versionBefore: string;
    readonly versionAfter: string;
  };
  /** Whether the nodes can really be reached: then whole jobs are run, including node tasks. */
  readonly nodesReachable: boolean;
  readonly cloud: ConformanceCloud;
  /** A VPC of the runtime, for describeVpc. */
  readonly vpcId: string;
  /** Everything that the provider has logged by its own means. Its `call.log` is recorded anyway. */
  logs(): string;
  /** Values that must never appear in a log, an error or a result. */
  readonly plantedSecrets: readonly string[];
  /** A runtime of the same cloud whose quotas leave no room for one more instance or volume. */
  makeQuotaTight(): Promise<Runtime>;
  /**
   * A runtime of the same cloud with several placements, the first of which has no capacity for an
   * instance any more, and where volumes cannot move between them.
   */
  fillFirstPlacement?(): Promise<Runtime>;
  /** A runtime of the same cloud none of whose placements has capacity for an instance any more. */
  fillAllPlacements?(): Promise<Runtime>;
  /** Removes everything that is left, and the cloud itself. */
  dispose(): Promise<void>;
}

/**
 * What a provider creates. `machines`: instances and volumes, by the ten pairs. `releases`: one release
 * for a cluster, by layers of its own.
 */
export type CloudKind = 'machines' | 'releases';

/** What one run of the suite is about. */
export interface SuiteOptions {
  /** In the names of the tests. */
  readonly name: string;
  readonly runner: SuiteRunner;
  /** `machines` by default; the plans of the provider must be of this kind. */
  readonly kind?: CloudKind;
  /** Those of the provider: they alone decide what is left out. Checked against the provider's own. */
  readonly capabilities: Capabilities;
  /** Called once for each run of the suite (plain, with faults), and once for each test of quotas. */
  createHarness(): Promise<ConformanceHarness>;
  /** Both by default; in separate files they run in parallel. */
  readonly runs?: readonly ('plain' | 'failing')[];
  /** Longest that an effect may take to be observed; 30 s by default. */
  readonly waitLimitMs?: number;
  /** The longest that a call may continue after its signal was aborted; a second by default. */
  readonly cancelLimitMs?: number;
  /**
   * What the harness leaves out, and why: `{ failInstance: 'a machine runs or does not' }`. Everything
   * else must be there. The reasons stand among the names of the tests.
   */
  readonly without?: Readonly<Partial<Record<OptionalPart, string>>>;
  /** Which of many similar cases within one test are tried; all by default. `about` names the test. */
  readonly choose?: <Case>(cases: readonly Case[], about: string) => readonly Case[];
}

/** Names of the traits, in the order in which they run. */
export const TRAITS = [
  'pure',
  'capabilities',
  'works',
  'budgeted',
  'idempotent',
  'frozen',
  'cancellable',
  'errors',
  'refused',
  'nothing-left',
  'lost-node',
  'whole-jobs',
  'secrets',
] as const;
export type Trait = (typeof TRAITS)[number];
