import type { PackageFile } from '../../../domain/index.ts';
import { nameOf } from '../manifest.ts';
import { readManifests } from '../read-manifest.ts';

const IN_CRDS = /(^|\/)crds\/[^/]/;
const MANIFEST = /\.(ya?ml|json)$/;
const PACKED = /(^|\/)charts\/[^/]+\.(tgz|tar\.gz)$/;

/**
 * Tells by its name whether a chart keeps a definition in `crds/`: helm leaves one of those as it is
 * where it is there already, while one among the templates must be the release's own. True as well
 * where a packed subchart, which is not looked into, may hold it.
 *
 * @throws what is returned rejects with invalid-input `CHART_RENDER` for a file there that is no manifest.
 */
export function createLooseCheck(files: readonly PackageFile[]): (name: string) => Promise<boolean> {
  if (files.some(({ path }) => PACKED.test(path))) return async () => true;
  // Read when first asked: definitions have megabytes, and mostly nobody asks.
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
