import { toNumbers } from '../../../helm-yaml/index.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { isHook } from '../manifest.ts';
import { readManifests } from '../read-manifest.ts';
import { readContent, type HookRun, type ReleaseRevision } from './release-record.ts';

/** What a revision holds, its hooks left out. */
export async function readObjects(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { manifest } = await readContent(revision);
  return (await readNumbers([manifest])).flat().filter((object) => !isHook(object));
}

/** What a revision's hooks make. */
export async function readHooks(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { hooks } = await readContent(revision);
  return (await readNumbers(hooks.map(({ manifest }) => manifest))).flat();
}

/** What those of a revision's hooks have made that have run, with the newest run of each. */
export async function readHookRuns(
  revision: ReleaseRevision,
): Promise<readonly { readonly object: KubeObject; readonly run: HookRun }[]> {
  const { hooks } = await readContent(revision);
  const ran = hooks.flatMap(({ manifest, lastRun: run }) => (run === null ? [] : [{ manifest, run }]));
  const made = await readNumbers(ran.map(({ manifest }) => manifest));
  return ran.flatMap(({ run }, index) => (made[index] ?? []).map((object) => ({ object, run })));
}

/** Nothing of it is sent on. */
async function readNumbers(manifests: readonly string[]): Promise<readonly (readonly KubeObject[])[]> {
  return toNumbers(await readManifests(manifests)) as readonly (readonly KubeObject[])[];
}
