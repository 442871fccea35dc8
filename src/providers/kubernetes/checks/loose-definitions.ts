import type { PackageFile } from '../../../domain/index.ts';
import { nameOf, parseManifest } from '../manifest.ts';

const IN_CRDS = /(^|\/)crds\/[^/].*\.(ya?ml|json)$/;
const PACKED = /(^|\/)charts\/[^/]+\.(tgz|tar\.gz)$/;

/**
 * The definitions that a chart keeps in `crds/`, by name: helm leaves one of them as it is where it
 * is there already, while one among the templates must be the release's own. Null where a packed
 * subchart, which is not looked into, may hold some.
 *
 * @throws invalid-input `CHART_RENDER` for a file there that is no manifest.
 */
export function readLooseDefinitions(files: readonly PackageFile[]): ReadonlySet<string> | null {
  if (files.some(({ path }) => PACKED.test(path))) return null;
  const texts = files.filter(({ path }) => IN_CRDS.test(path)).map(({ content }) => content);
  return new Set(texts.flatMap((content) => parseManifest(new TextDecoder().decode(content)).map(nameOf)));
}
