import type { PackageFile } from '../../../domain/index.ts';
import { nameOf } from '../manifest.ts';
import { readManifests } from '../read-manifest.ts';

const IN_CRDS = /(^|\/)crds\/[^/]/;
const MANIFEST = /\.(ya?ml|json)$/;
const PACKED = /(^|\/)charts\/[^/]+\.(tgz|tar\.gz)$/;

/**
 * Returns a function that says, by name, whether a chart keeps a definition in `crds/`: helm leaves an
 * existing definition of `crds/` unchanged, whereas one among the templates must be the release's own.
 * Also true if a packed subchart, which is not read, may hold it.
 *
 * @throws the promise of that function rejects with invalid-input `CHART_RENDER` for a file in `crds/`
 * that is not a manifest.
 */
export function createLooseCheck(files: readonly PackageFile[]): (name: string) => Promise<boolean> {
  if (files.some(({ path }) => PACKED.test(path))) return async () => true;
  // Read when first needed: definitions can have megabytes, and most checks never need them.
  let known: Promise<ReadonlySet<string>> | undefined;
  return async (name) => (await (known ??= readNames(files))).has(name);
}

async function readNames(files: readonly PackageFile[]): Promise<ReadonlySet<string>> {
  const texts = files
    .filter(({ path }) => IN_CRDS.test(path) && MANIFEST.test(path))
    .map(({ content }) => content);
  const decoder = new TextDecoder();
  const found = await readManifests(texts.map((content) => decoder.decode(content)));
  return new Set(found.flat().map(nameOf));
}
