import { toBytes, type ByteString } from './go/index.ts';
import { joinPath } from './paths.ts';

/** A tree whose secrets are decrypted. */
export interface OpenTree {
  readonly [key: string]: OpenTree | string;
}

/** Every leaf of a tree by its path, as confd's file backend reads it; all are byte strings. */
export function flattenTree(tree: OpenTree): ReadonlyMap<ByteString, ByteString> {
  const values = new Map<ByteString, ByteString>();
  walk(tree, '/', values);
  return values;
}

function walk(tree: OpenTree, path: ByteString, values: Map<ByteString, ByteString>): void {
  for (const [key, value] of Object.entries(tree)) {
    const inner = joinPath(path, toBytes(key));
    if (typeof value === 'string') values.set(inner, toBytes(value));
    else walk(value, inner, values);
  }
}

// Characters that JSON allows unescaped in a string, and that YAML reads as line breaks or refuses.
const YAML_BREAKS = /[\u007f-\u009f\u2028\u2029\ufeff]/g;

/** JSON that means the same to confd's file backend, which reads YAML. */
export function escapeForYaml(json: string): string {
  return json.replace(YAML_BREAKS, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
