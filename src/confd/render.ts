import { WindlassError } from '../domain/index.ts';
import { toBytes, type ByteString } from './go/index.ts';
import type { ConfdTemplate, FileFault } from './package-files.ts';
import { joinPath } from './paths.ts';
import type { ConfdResource } from './resource.ts';
import { renderTemplateText } from './template-text.ts';

/** A file as it should be on one node. */
export interface RenderedFile {
  readonly resource: ConfdResource;
  readonly content: Uint8Array;
}

/**
 * Renders the files of one node. `values` are the leaves of the node's metadata, by path; `prefix` is the
 * part that templates leave out, `/self` or `/`.
 *
 * @throws conflict `CONFIGURATION_RENDER` for a template that fails with these values, e.g. because a key
 * is missing; `details` lists every such template, and holds no value.
 */
export function renderFiles(
  templates: readonly ConfdTemplate[],
  values: ReadonlyMap<ByteString, ByteString>,
  prefix: '/self' | '/',
): readonly RenderedFile[] {
  const faults: FileFault[] = [];
  const rendered = templates.flatMap(({ resource, file, text }) => {
    const result = renderTemplateText(text, selectValues(values, resource.keys, prefix));
    if ('content' in result) return [{ resource, content: result.content }];
    faults.push({ file, ...result.fault });
    return [];
  });
  if (faults.length > 0) throw renderFailed(faults);
  return rendered;
}

/** The part of the metadata that a resource's keys let its template see, without the prefix. */
function selectValues(
  values: ReadonlyMap<ByteString, ByteString>,
  keys: readonly string[],
  prefix: string,
): ReadonlyMap<ByteString, ByteString> {
  const wanted = keys.map((key) => joinPath(prefix, toBytes(key)));
  const selected = new Map<ByteString, ByteString>();
  for (const [path, value] of values) {
    if (!wanted.some((start) => path.startsWith(start))) continue;
    const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path;
    selected.set(joinPath('/', rest), value);
  }
  return selected;
}

function renderFailed(faults: readonly FileFault[]): WindlassError {
  const details = faults.map(({ file, line, column, message }) => ({
    field: file,
    message: `${file}:${line}:${column}: ${message}`,
  }));
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : '';
  return new WindlassError(
    'conflict',
    `a template of the package fails with this node’s metadata: ${details[0]?.message ?? ''}${more}`,
    {
      code: 'CONFIGURATION_RENDER',
      hint: '`windlass cluster metadata CLUSTER --node NODE` shows what the template sees; a key that may be absent needs `exists`, or a default after it',
      details,
    },
  );
}
