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

/** SHA-256 of a text, hex; workflows may not have it, so it is handed in. */
export type Digest = (text: string) => string;

/** What a plan was made from. All but the version are digests: equal ones mean equal content. */
export interface PlanBasis {
  /**
   * What the cluster shall be and, for a job that changes it, has been: specs, nodes and links. Not
   * what happens to it by itself, such as addresses and health.
   */
  readonly clusterRevision: string;
  readonly versionId: string;
  /** The user's conf; of its secrets their names. */
  readonly confDigest: string;
  /** The files of the package. */
  readonly packageDigest: string;
  /** The runtime, without its name. */
  readonly runtimeDigest: string;
}

/**
 * A plan with what it was made from. Two documents with the same hash do the same from the same: so a
 * person can approve one, and a job can prove that it walks that one.
 */
export interface PlanDocument {
  readonly version: typeof PLAN_SCHEMA_VERSION;
  readonly steps: JobPlan;
  readonly basis: PlanBasis;
  /** Of all the rest. */
  readonly hash: string;
}

/** The document of a plan. Pure: the same input gives the same hash, whatever the order of its members. */
export function createPlanDocument(steps: JobPlan, basis: PlanBasis, digest: Digest): PlanDocument {
  const document = { version: PLAN_SCHEMA_VERSION, steps, basis } as const;
  return { ...document, hash: digest(canonicalJson(document)) };
}

/** What a plan is made from, as the engine loads it for the provider. */
export interface BasisOf {
  /** As it shall be. */
  readonly cluster: ClusterWrapper;
  /** As it was, where the job changes what is wanted. */
  readonly before?: ClusterWrapper;
  readonly runtime: Runtime;
  /** The package that the cluster shall run. */
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
 * What is not listed here counts: a field that is forgotten makes two plans different that are the
 * same, never the other way round.
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
