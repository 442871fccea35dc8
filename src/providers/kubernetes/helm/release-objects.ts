import type { KubeObject } from '../api/kube-types.ts';
import { isHook, parseManifest } from '../manifest.ts';
import { readContent, type HookRun, type ReleaseRevision } from './release-record.ts';

/** What a revision holds, its hooks left out. */
export async function readObjects(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  return parseManifest((await readContent(revision)).manifest).filter((object) => !isHook(object));
}

/** What a revision's hooks make. */
export async function readHooks(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { hooks } = await readContent(revision);
  return hooks.flatMap(({ manifest }) => parseManifest(manifest));
}

/** What those of a revision's hooks have made that have run, with the newest run of each. */
export async function readHookRuns(
  revision: ReleaseRevision,
): Promise<readonly { readonly object: KubeObject; readonly run: HookRun }[]> {
  const { hooks } = await readContent(revision);
  return hooks.flatMap(({ manifest, lastRun: run }) =>
    run === null ? [] : parseManifest(manifest).map((object) => ({ object, run })),
  );
}
