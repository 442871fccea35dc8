import type { ApiClient, KubernetesObject } from '../kit/kubernetes/index.ts';

/** As a controller tells what it has done. */
type JobEvent = KubernetesObject & {
  readonly reason: string;
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid: string };
};

/** The uids of jobs that have begun, and of those that have come to their end. */
export interface HookRuns {
  readonly begun: readonly string[];
  readonly done: readonly string[];
}

/** How often a hook whose job's name ends so has run in a namespace: events outlive the jobs. */
export async function listHookRuns(api: ApiClient, namespace: string, ending: string): Promise<HookRuns> {
  const events = (await api.list(`/api/v1/namespaces/${namespace}/events`)) as readonly JobEvent[];
  const ofReason = (wanted: string): readonly string[] => {
    const about = events.filter(({ reason }) => reason === wanted).map((event) => event.involvedObject);
    const ofHook = about.filter(({ kind, name }) => kind === 'Job' && name.endsWith(`-${ending}`));
    return [...new Set(ofHook.map(({ uid }) => uid))].sort();
  };
  return { begun: ofReason('SuccessfulCreate'), done: ofReason('Completed') };
}
