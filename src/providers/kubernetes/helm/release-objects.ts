import { toNumbers } from '../../../helm-yaml/index.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { isHook, parseManifest } from '../manifest.ts';
import { readContent, type HookRun, type ReleaseRevision } from './release-record.ts';

/** What a revision holds, its hooks left out. */
export async function readObjects(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  return readNumbers((await readContent(revision)).manifest).filter((object) => !isHook(object));
}

/** What a revision's hooks make. */
export async function readHooks(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { hooks } = await readContent(revision);
  return hooks.flatMap(({ manifest }) => readNumbers(manifest));
}

/** What those of a revision's hooks have made that have run, with the newest run of each. */
export async function readHookRuns(
  revision: ReleaseRevision,
): Promise<readonly { readonly object: KubeObject; readonly run: HookRun }[]> {
  const { hooks } = await readContent(revision);
  return hooks.flatMap(({ manifest, lastRun: run }) =>
    run === null ? [] : readNumbers(manifest).map((object) => ({ object, run })),
  );
}

/** Nothing of it is sent on. */
function readNumbers(manifest: string): readonly KubeObject[] {
  return toNumbers(parseManifest(manifest)) as readonly KubeObject[];
}
