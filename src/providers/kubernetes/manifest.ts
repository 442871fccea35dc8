import { WindlassError } from '../../domain/index.ts';
import { HelmYamlError, readHelmYaml, splitDocuments } from '../../helm-yaml/index.ts';
import type { KubeObject } from './api/kube-types.ts';

/** The annotation with which a chart keeps an object when its release is uninstalled. */
export const RESOURCE_POLICY = 'helm.sh/resource-policy';

/**
 * The objects of a manifest that helm has written, in its order. Lists are split into their items, and
 * helm's policy annotation of the whole list applies to each item. Integers that a number cannot hold have
 * the type bigint and are sent on unchanged (toNumbers is for code that calculates with them).
 *
 * @throws invalid-input `CHART_RENDER` for text that is not YAML or not an object of Kubernetes.
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
  if (typeof value !== 'object' || Array.isArray(value)) throw unreadable('a document is not a mapping');
  const object = value as KubeObject;
  if (typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object['items'])) {
    return (object['items'] as unknown[]).flatMap(toObjects).map((item) => inherit(item, object));
  }
  if (typeof object.kind !== 'string' || typeof object.apiVersion !== 'string') {
    throw unreadable('a document has no kind or no apiVersion');
  }
  return [object];
}

/** When helm deletes a list, it reads only the list's own policy annotation. */
function inherit(item: KubeObject, list: KubeObject): KubeObject {
  const policy = list.metadata?.annotations?.[RESOURCE_POLICY];
  if (policy === undefined) return item;
  const annotations = { ...item.metadata?.annotations, [RESOURCE_POLICY]: policy };
  return { ...item, metadata: { ...item.metadata, annotations } };
}

export function nameOf(object: KubeObject): string {
  return object.metadata?.name ?? '';
}

/** `Deployment web`, the form used in messages. */
export function describeObject(object: KubeObject): string {
  return `${object.kind ?? 'object'} ${nameOf(object)}`;
}

const HOOK = 'helm.sh/hook';

/** Hooks are run by helm and are not part of a release's manifest. */
export function isHook(object: KubeObject): boolean {
  return object.metadata?.annotations?.[HOOK] !== undefined;
}

function unreadable(why: string): WindlassError {
  return new WindlassError(
    'invalid-input',
    `the chart renders to something that Kubernetes cannot read: ${why}`,
    {
      code: 'CHART_RENDER',
      hint: 'helm template shows what the chart renders with these values',
    },
  );
}
