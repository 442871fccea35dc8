import { WindlassError } from '../../domain/index.ts';
import { HelmYamlError, readHelmYaml, splitDocuments } from '../../helm-yaml/index.ts';
import type { KubeObject } from './api/kube-types.ts';

/** The annotation by which a chart has an object outlive its release. */
export const RESOURCE_POLICY = 'helm.sh/resource-policy';

/**
 * The objects of a manifest as helm writes it, in its order; lists are taken apart, and what helm
 * reads of the whole list (its policy) holds for each of them. Integers that a number cannot hold are
 * of type bigint: they are sent on as they are (toNumbers is for whoever reckons with them).
 *
 * @throws invalid-input `CHART_RENDER` for what is no YAML or no object of Kubernetes.
 */
export function parseManifest(text: string): readonly KubeObject[] {
  return splitDocuments(text).flatMap((part) => {
    try {
      return toObjects(readHelmYaml(part.text));
    } catch (error) {
      throw error instanceof HelmYamlError ? unreadable(error.message) : error;
    }
  });
}

function toObjects(value: unknown): readonly KubeObject[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw unreadable('a document is no mapping');
  const object = value as KubeObject;
  if (typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object['items'])) {
    return (object['items'] as unknown[]).flatMap(toObjects).map((item) => inherit(item, object));
  }
  if (typeof object.kind !== 'string' || typeof object.apiVersion !== 'string') {
    throw unreadable('a document has no kind or no apiVersion');
  }
  return [object];
}

/** Deleting a list, helm asks the list alone whether it is kept. */
function inherit(item: KubeObject, list: KubeObject): KubeObject {
  const policy = list.metadata?.annotations?.[RESOURCE_POLICY];
  if (policy === undefined) return item;
  const annotations = { ...item.metadata?.annotations, [RESOURCE_POLICY]: policy };
  return { ...item, metadata: { ...item.metadata, annotations } };
}

export function nameOf(object: KubeObject): string {
  return object.metadata?.name ?? '';
}

/** `Deployment web`, as it is named to people. */
export function describeObject(object: KubeObject): string {
  return `${object.kind ?? 'object'} ${nameOf(object)}`;
}

const HOOK = 'helm.sh/hook';

/** Hooks are run by helm and are no part of a release's manifest. */
export function isHook(object: KubeObject): boolean {
  return object.metadata?.annotations?.[HOOK] !== undefined;
}

function unreadable(why: string): WindlassError {
  return new WindlassError('invalid-input', `the chart renders to what Kubernetes cannot read: ${why}`, {
    code: 'CHART_RENDER',
    hint: 'helm template shows what the chart makes of these values',
  });
}
