import {
  createConfError,
  describeLimits,
  dottedKey,
  listLinkedClusters,
  mayLinkTo,
  parseForm,
  type FormItem,
} from '../src/app-package/index.ts';
import type { Stores } from '../src/db/index.ts';
import {
  WindlassError,
  type ClusterLink,
  type Conf,
  type ErrorDetail,
  type PackageContent,
  type ParsedCluster,
} from '../src/domain/index.ts';

/** A future cluster, and the conf that it was created from. */
export interface LinkCheck {
  readonly content: PackageContent;
  /** With every default. */
  readonly conf: Conf;
  readonly runtimeId: string;
  /** Link name → id of the cluster it leads to. */
  readonly links: ParsedCluster['links'];
  /** Links that a stored cluster already has: their present state is not a fault of its change. */
  readonly known?: readonly ClusterLink[];
}

/**
 * Checks the links of a cluster: they must lead to existing clusters of its own runtime. Every `service`
 * value of the conf must also be of an app that the item's `limits` allow; a link in cluster.json itself
 * has no limits.
 *
 * @throws invalid-input `CONF_INVALID`, each fault naming its key, or the link.
 */
export async function checkLinks(
  stores: Pick<Stores, 'apps' | 'clusters'>,
  { content, conf, runtimeId, links: named, known = [] }: LinkCheck,
): Promise<void> {
  const config = content.files.find(({ path }) => path === 'config.json');
  const form = config === undefined ? null : parseForm(new TextDecoder().decode(config.content));
  const chosen = form === null ? [] : listLinkedClusters(form, conf);
  const literal = Object.entries(named).filter(([, target]) =>
    chosen.every(({ clusterId }) => clusterId !== target),
  );
  const links = [
    ...chosen.map(({ item, clusterId }) => ({ field: dottedKey(item), item, clusterId })),
    ...literal.map(([name, clusterId]) => ({ field: `links.${name}`, item: null, clusterId })),
  ];
  const faults: ErrorDetail[] = [];
  for (const { field, item, clusterId } of links) {
    if (known.some(({ targetClusterId }) => targetClusterId === clusterId)) continue;
    const message = await explainLink(stores, item, { clusterId, runtimeId });
    if (message !== null) faults.push({ field, message });
  }
  if (faults.length > 0) throw createConfError(faults);
}

async function explainLink(
  stores: Pick<Stores, 'apps' | 'clusters'>,
  item: FormItem | null,
  { clusterId, runtimeId }: { readonly clusterId: string; readonly runtimeId: string },
): Promise<string | null> {
  const quoted = JSON.stringify(clusterId);
  const unknown = `there is no cluster with the id ${quoted} in this runtime`;
  try {
    const cluster = await stores.clusters.resolve(clusterId);
    // A cluster of another runtime gives the same error as one that does not exist.
    if (cluster.runtimeId !== runtimeId || cluster.status === 'deleted' || cluster.purpose !== 'app')
      return unknown;
    if (cluster.clusterId !== clusterId) return `must be an id: that of ${quoted} is ${cluster.clusterId}`;
    if (item === null) return null;
    const { version } = await stores.apps.get(cluster.versionId);
    const app = { appName: cluster.appName, version, versionId: cluster.versionId };
    if (mayLinkTo(item, app)) return null;
    return `must be ${describeLimits(item)}; ${quoted} is of ${app.appName} ${app.version}`;
  } catch (error) {
    if (WindlassError.isInstance(error) && ['not-found', 'conflict'].includes(error.kind)) return unknown;
    throw error;
  }
}
