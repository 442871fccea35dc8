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

/** One instance, volume or release as the cloud itself reports it. */
export interface WorldResource {
  readonly kind: 'instance' | 'volume' | 'release';
  /** The token it carries; the whole of it, as the ledger has it. */
  readonly token: string;
  readonly id: string;
  /**
   * `changing`: on its way from one to another. `running`, `stopped`: instances and releases.
   * `recorded`: of a release nothing is left but its record. The others: volumes.
   */
  readonly state: 'changing' | 'running' | 'stopped' | 'recorded' | 'available' | 'attached';
  /** Instances, where the cloud says it. */
  readonly cpu?: number;
  /** Instances, where the cloud says it. */
  readonly memoryMiB?: number;
  /** Releases: the conf that it runs, told from what is really there; the harness's `conf` and `changedConf` differ in it. */
  readonly version?: string;
  /** Volumes. */
  readonly sizeGiB?: number;
  /** Volumes: id of the instance. */
  readonly attachedTo?: string;
  /** Volumes that are attached: where the node sees them. */
  readonly device?: string;
  /** Instances: where other nodes reach it. */
  readonly address?: string;
}

/** The oracle: the cloud's own state, read past the provider under test. */
export interface ConformanceWorld {
  /** Everything that exists, of any cluster; what is gone is not listed. */
  list(): Promise<readonly WorldResource[]>;
  /** Destroys an instance, or a release with all that is in it, behind the provider's back, as a person with a console would. */
  destroyInstance(id: string): Promise<void>;
  /**
   * How many requests of the provider the cloud's API has got so far, those of this world's own left
   * out; for the rule that each is sent within the budget of calls. Left out where there is no API.
   */
  countRequests?(): Promise<number>;
  /**
   * Holds back every answer of the cloud's API until the function that it returns is called. Left out
   * where there is no API.
   */
  holdAnswers?(): Promise<() => Promise<void>>;
  /**
   * Makes an instance fail for good while it starts, as clouds do that run out of something too late.
   * Left out where no instance can.
   */
  failInstance?(id: string): Promise<void>;
}

/** A provider with a world of its own, fresh and empty. */
export interface ConformanceHarness {
  readonly provider: Provider;
  readonly runtime: Runtime;
  readonly credential: Credential;
  /** A credential that the cloud refuses, and the kind of the error; null where there are none. */
  readonly badCredential: { readonly credential: Credential; readonly kind: ErrorKind } | null;
  /** A package with at least one role, and with volumes where the provider has them. */
  readonly content: PackageContent;
  readonly conf: Conf;
  /** What the suite's clusters are for; `app` where absent. */
  readonly purpose?: ClusterPurpose;
  /** Providers of releases: another conf, and what `version` of the world is with each of the two. */
  readonly changed?: {
    readonly conf: Conf;
    readonly versionBefore: string;
    readonly versionAfter: string;
  };
  /** Whether the nodes can really be reached: then whole jobs are walked, node tasks included. */
  readonly nodesReachable: boolean;
  readonly world: ConformanceWorld;
  /** A VPC of the runtime, for describeVpc. */
  readonly vpcId: string;
  /** All that the provider has logged by means of its own. What it logs by `call.log` is recorded anyway. */
  logs(): string;
  /** Values that must never be seen in a log, an error or a result. */
  readonly plantedSecrets: readonly string[];
  /** A runtime of the same world whose quotas leave no room for one more instance or volume. */
  makeQuotaTight(): Promise<Runtime>;
  /**
   * A runtime of the same world that names several places, the first of which has no room for an
   * instance any more, and where volumes do not go from one to the other. Left out where a node
   * has one place only.
   */
  makeFirstPlaceFull?(): Promise<Runtime>;
  /** Removes everything that is left in the world, and the world. */
  dispose(): Promise<void>;
}

/**
 * What a provider makes. `machines`: instances and volumes, by the ten pairs. `releases`: one
 * release for a cluster, by layers of its own.
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
  /** Asked for once for each run of the suite (plain, with faults), and once for each test of quotas. */
  createHarness(): Promise<ConformanceHarness>;
  /** Both by default; in files of their own they run side by side. */
  readonly runs?: readonly ('plain' | 'failing')[];
  /** Longest that an effect may take to be observed; 30 s by default. */
  readonly waitLimitMs?: number;
  /** Longest that a call may go on after its signal was aborted; a second by default. */
  readonly cancelLimitMs?: number;
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
  'nothing-left',
  'whole-jobs',
  'secrets',
] as const;
export type Trait = (typeof TRAITS)[number];
