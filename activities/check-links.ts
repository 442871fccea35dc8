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
import { WindlassError, type Conf, type ErrorDetail, type PackageContent } from '../src/domain/index.ts';

/** A conf whose clusters are looked up. */
export interface LinkCheck {
  readonly content: PackageContent;
  readonly conf: Conf;
  /** Where the new cluster will be, and those that it links to must be. */
  readonly runtimeId: string;
}

/**
 * Checks every `service` value of a conf: a cluster of the same runtime, of an app that the item's
 * `limits` allow. A package without a form has none.
 *
 * @throws invalid-input `CONF_INVALID`, each fault naming its key.
 */
export async function checkLinks(
  stores: Pick<Stores, 'apps' | 'clusters'>,
  { content, conf, runtimeId }: LinkCheck,
): Promise<void> {
  const config = content.files.find(({ path }) => path === 'config.json');
  if (config === undefined) return;
  const form = parseForm(new TextDecoder().decode(config.content));
  const faults: ErrorDetail[] = [];
  for (const { item, clusterId } of listLinkedClusters(form, conf)) {
    const message = await explainLink(stores, item, { clusterId, runtimeId });
    if (message !== null) faults.push({ field: dottedKey(item), message });
  }
  if (faults.length > 0) throw createConfError(faults);
}

async function explainLink(
  stores: Pick<Stores, 'apps' | 'clusters'>,
  item: FormItem,
  { clusterId, runtimeId }: { readonly clusterId: string; readonly runtimeId: string },
): Promise<string | null> {
  const quoted = JSON.stringify(clusterId);
  const unknown = `there is no cluster with the id ${quoted} in this runtime`;
  try {
    const cluster = await stores.clusters.resolve(clusterId);
    // Of another runtime's clusters no more is told than of those that do not exist.
    if (cluster.runtimeId !== runtimeId || cluster.status === 'deleted' || cluster.purpose !== 'app')
      return unknown;
    if (cluster.clusterId !== clusterId) return `must be an id: that of ${quoted} is ${cluster.clusterId}`;
    const { version } = await stores.apps.get(cluster.versionId);
    const app = { appName: cluster.appName, version, versionId: cluster.versionId };
    if (mayLinkTo(item, app)) return null;
    return `must be ${describeLimits(item)}; ${quoted} is of ${app.appName} ${app.version}`;
  } catch (error) {
    if (WindlassError.isInstance(error) && ['not-found', 'conflict'].includes(error.kind)) return unknown;
    throw error;
  }
}
