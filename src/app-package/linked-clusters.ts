import type { Conf } from '../domain/index.ts';
import { valueAt } from './conf.ts';
import { listFormValues, type Form, type FormItem } from './form.ts';

/** The application of a cluster, in the terms that `limits` of a service item use. */
export interface LinkedApp {
  readonly appName: string;
  /** From package.json. */
  readonly version: string;
  readonly versionId: string;
}

// Ids that AppCenter gave its apps and versions. Only AppCenter knows what they mean.
const FOREIGN_APP = /^app-[0-9a-z]{8}$/;
const FOREIGN_VERSION = /^appv-[0-9a-z]{8}$/;

/** Every cluster that a conf links to, with the item of the form that names it. */
export function listLinkedClusters(
  form: Form,
  conf: Conf,
): { readonly item: FormItem; readonly clusterId: string }[] {
  return listFormValues(form).flatMap((item) => {
    const value = item.type === 'service' ? valueAt(conf, item.path) : undefined;
    return typeof value === 'string' && value !== '' ? [{ item, clusterId: value }] : [];
  });
}

/**
 * Whether `limits` of a service item allow an app: one of the apps that they name, in one of the versions,
 * as text or id; no version means any. Ids of AppCenter are ignored: if there is nothing else, any app is
 * allowed.
 */
export function mayLinkTo({ limits = {} }: FormItem, app: LinkedApp): boolean {
  const versions = limits[app.appName];
  if (versions === undefined) return Object.keys(limits).every(isForeignApp);
  const known = versions.filter((version) => !FOREIGN_VERSION.test(version));
  return known.length === 0 || known.includes(app.version) || known.includes(app.versionId);
}

/** Whether `limits` name an app by an id of another cloud. */
export function isForeignApp(name: string): boolean {
  return FOREIGN_APP.test(name);
}
