import { readHelmYaml, splitDocuments, writeHelmJson, type JsonValue } from '../../../helm-yaml/index.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { isHook } from '../manifest.ts';
import { applyOverride } from './overrides.ts';
import type { WorkloadOverride } from '../release-tasks.ts';

/**
 * Applies overrides to the workloads that they name in a stream of manifests. Documents without such a
 * workload stay the same, byte for byte. The others become JSON that helm reads in the same way, except
 * for the overrides; comments at their start are kept.
 *
 * @throws HelmYamlError for a document that may hold a workload and cannot be read.
 */
export function putOverrides(stream: string, overrides: readonly WorkloadOverride[]): string {
  return splitDocuments(stream)
    .map(({ separator, text }) => {
      const object = overrides.some(({ name }) => text.includes(name)) ? readHelmYaml(text) : null;
      if (!applyTo(object, overrides)) return `${separator}${text}`;
      const [head = ''] = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*/.exec(text) ?? [];
      const newline = head === '' && separator !== '' ? '\n' : '';
      return `${separator}${newline}${head}${writeHelmJson(object)}\n`;
    })
    .join('');
}

/** Whether an object was changed, also among the items of a list. Hooks do not count as workloads. */
function applyTo(object: JsonValue, overrides: readonly WorkloadOverride[]): boolean {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return false;
  const { kind, items } = object as { readonly kind?: JsonValue; readonly items?: JsonValue };
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    return (items as readonly JsonValue[]).filter((item) => applyTo(item, overrides)).length > 0;
  }
  return !isHook(object as KubeObject) && applyOverride(object, overrides);
}
