import { toNumbers } from '../../../helm-yaml/index.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { isHook } from '../manifest.ts';
import { readManifests } from '../read-manifest.ts';
import { readContent, type HookRun, type ReleaseRevision } from './release-record.ts';

/** The objects of a revision, without its hooks. */
export async function readObjects(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { manifest } = await readContent(revision);
  return (await readNumbers([manifest])).flat().filter((object) => !isHook(object));
}

/** The objects that a revision's hooks create. */
export async function readHooks(revision: ReleaseRevision): Promise<readonly KubeObject[]> {
  const { hooks } = await readContent(revision);
  return (await readNumbers(hooks.map(({ manifest }) => manifest))).flat();
}

/** The objects of a revision's hooks that have run, each with its newest run. */
export async function readHookRuns(
  revision: ReleaseRevision,
): Promise<readonly { readonly object: KubeObject; readonly run: HookRun }[]> {
  const { hooks } = await readContent(revision);
  const ran = hooks.flatMap(({ manifest, lastRun: run }) => (run === null ? [] : [{ manifest, run }]));
  const made = await readNumbers(ran.map(({ manifest }) => manifest));
  return ran.flatMap(({ run }, index) => (made[index] ?? []).map((object) => ({ object, run })));
}

/** These objects are only read, never sent to a server. */
async function readNumbers(manifests: readonly string[]): Promise<readonly (readonly KubeObject[])[]> {
  return toNumbers(await readManifests(manifests)) as readonly (readonly KubeObject[])[];
}
