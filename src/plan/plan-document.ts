import {
  canonicalJson,
  compareText,
  PLAN_SCHEMA_VERSION,
  type AppVersion,
  type ClusterWrapper,
  type JobPlan,
  type Runtime,
} from '../domain/index.ts';
import { sortNodes } from './node-order.ts';

/** SHA-256 of a text, hex; workflows may not import it, so it is passed in. */
export type Digest = (text: string) => string;

/** The input of a plan. All fields except the version are digests: equal ones mean equal content. */
export interface PlanBasis {
  /**
   * The desired cluster and, for a job that changes it, the one before: specs, nodes and links. Not facts
   * that change by themselves, such as addresses and health.
   */
  readonly clusterRevision: string;
  readonly versionId: string;
  /** The user's conf; of its secrets only the names. */
  readonly confDigest: string;
  /** The files of the package. */
  readonly packageDigest: string;
  /** The runtime, without its name. */
  readonly runtimeDigest: string;
}

/**
 * A plan with its basis. Two documents with the same hash do the same from the same input: so a user can
 * approve one, and a job can prove that it runs that one.
 */
export interface PlanDocument {
  readonly version: typeof PLAN_SCHEMA_VERSION;
  readonly steps: JobPlan;
  readonly basis: PlanBasis;
  /** The hash of all other fields. */
  readonly hash: string;
}

/** The document of a plan. Pure: the same input gives the same hash, whatever the order of its members. */
export function createPlanDocument(steps: JobPlan, basis: PlanBasis, digest: Digest): PlanDocument {
  const document = { version: PLAN_SCHEMA_VERSION, steps, basis } as const;
  return { ...document, hash: digest(canonicalJson(document)) };
}

/** The input of a plan, as the engine loads it for the provider. */
export interface BasisOf {
  /** The desired cluster. */
  readonly cluster: ClusterWrapper;
  /** The cluster before, if the job changes the desired state. */
  readonly before?: ClusterWrapper;
  readonly runtime: Runtime;
  /** The desired package of the cluster. */
  readonly version: Pick<AppVersion, 'versionId' | 'digest'>;
}

/** The basis of a plan. Pure. */
export function createPlanBasis({ cluster, before, runtime, version }: BasisOf, digest: Digest): PlanBasis {
  const { runtimeId, provider, url, zone, settings, account, region } = runtime;
  const digestOf = (value: unknown): string => digest(canonicalJson(value));
  return {
    clusterRevision: digestOf({
      wanted: leaveFactsOut(cluster),
      before: before === undefined ? null : leaveFactsOut(before),
    }),
    versionId: version.versionId,
    confDigest: digestOf(cluster.cluster.conf),
    packageDigest: version.digest,
    runtimeDigest: digestOf({ runtimeId, provider, url, zone, settings, account, region }),
  };
}

/**
 * Fields that are not listed here count: a forgotten field makes equal plans look different, never the
 * reverse.
 */
function leaveFactsOut({ cluster, roles, nodes, links }: ClusterWrapper): object {
  const {
    status: _status,
    transitionStatus: _transitionStatus,
    wasActive: _wasActive,
    conf: _conf,
    ...wanted
  } = cluster;
  return {
    cluster: wanted,
    roles: [...roles].sort((a, b) => compareText(a.role, b.role)),
    nodes: sortNodes(nodes).map(
      ({
        status: _nodeStatus,
        instanceId: _instanceId,
        privateIp: _privateIp,
        publicIp: _publicIp,
        ssh: _ssh,
        volumes: _volumes,
        passphraselessKey: _key,
        customToken: _token,
        ...spec
      }) => spec,
    ),
    links: [...links].sort((a, b) => compareText(a.name, b.name)),
  };
}
