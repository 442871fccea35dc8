import { setTimeout as sleep } from 'node:timers/promises';
import { resourcePath } from '../api/api-resources.ts';
import type { KubeObject } from '../api/kube-types.ts';
import type { ReleaseRevision } from '../helm/release-record.ts';
import { nameOf } from '../manifest.ts';
import { explainObject, type Explanation } from '../observe/explain.ts';
import { neverReady } from '../observe/observe-release.ts';
import { judgeObject } from '../observe/readiness.ts';
import { isPending } from './pending-revision.ts';
import type { ReleaseScope } from './release-scope.ts';
import { readHooks } from '../helm/release-objects.ts';

const FIRST_LOOK_MS = 3_000;
const LOOK_MS = 1_500;

/** Hooks that helm waits for. */
const HOOK_KINDS: ReadonlySet<string> = new Set(['Job', 'Pod']);

/**
 * Polls the hooks that helm waits for while helm runs, until the signal is aborted. Helm itself would wait
 * until its own timeout for a hook whose image cannot be pulled.
 *
 * @throws the reason why a hook is stuck, once that has lasted longer than the runtime's `patienceSeconds`.
 */
export async function watchHooks(scope: ReleaseScope, signal: AbortSignal): Promise<void> {
  let stuckSinceMs: number | null = null;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = LOOK_MS) {
    await sleep(pauseMs, undefined, { signal });
    const [newest] = (await scope.listRevisions()).slice(-1);
    const working = newest !== undefined && (isPending(newest) || newest.status === 'uninstalling');
    const stuck = working ? await findStuckHook(scope, newest) : null;
    if (stuck === null) {
      stuckSinceMs = null;
      continue;
    }
    stuckSinceMs ??= Date.now();
    const forMs = Date.now() - stuckSinceMs;
    if (stuck.severity === 'final' || forMs > scope.settings.patienceMs) throw neverReady(stuck, forMs);
  }
}

/** The first hook that will not end by itself. */
async function findStuckHook(scope: ReleaseScope, revision: ReleaseRevision): Promise<Explanation | null> {
  for (const wanted of await readHooks(revision)) {
    if (!HOOK_KINDS.has(wanted.kind ?? '')) continue;
    const resource = await scope.kinds.find(wanted.apiVersion ?? '', wanted.kind ?? '');
    if (resource === null) continue;
    const namespace = wanted.metadata?.namespace ?? revision.namespace;
    const live = await scope.client.find<KubeObject>({
      method: 'GET',
      path: resourcePath(resource, namespace, nameOf(wanted)),
    });
    if (live === null) continue;
    const judgement = judgeObject(live);
    // Helm itself sees and reports one that has failed.
    if (judgement.state !== 'waiting') continue;
    const found = await explainObject(scope.client, { wanted, live, judgement }, namespace);
    if (found.severity !== 'waiting') return found;
  }
  return null;
}
