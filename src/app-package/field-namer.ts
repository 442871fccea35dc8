import type { NameField } from './role-spec.ts';
import { followDottedPath } from './dotted-path.ts';
import { parseJson } from './parse-json.ts';
import { renderWith, type Template } from './template.ts';

/**
 * Maps a position in cluster.json to the conf key whose value is there: the template is rendered again
 * with every placeholder replaced by its own path.
 */
export function createFieldNamer(template: Template): NameField {
  const shadow = parseJson(renderWith(template, (path) => `{{${path}}}`).text);
  const root: unknown = 'fault' in shadow ? undefined : shadow.value;
  return (path) => {
    const value = followDottedPath(root, path, getMember)?.at(-1);
    const key = typeof value === 'string' ? /^\{\{(.+)\}\}$/.exec(value)?.[1] : undefined;
    return key ?? path;
  };
}

/** Member of an object or element of an array. */
function getMember(parent: unknown, key: string): unknown {
  if (typeof parent !== 'object' || parent === null) return undefined;
  return Object.getOwnPropertyDescriptor(parent, key)?.value;
}
