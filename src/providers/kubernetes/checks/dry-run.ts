import { WindlassError } from '../../../domain/index.ts';
import { PODS, resourcePath, type ApiResource } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeObject, Workload } from '../api/kube-types.ts';
import { describeObject, nameOf } from '../manifest.ts';

const FIELD_MANAGER = 'windlass-check';

/** What is tried on the server without effect. */
export interface DryRun {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly releaseName: string;
  /** Whether the release is new: then nothing of it may exist but what is its own. */
  readonly isNew: boolean;
  /** Whether helm leaves a definition as it is where it is there already. */
  readonly isLooseDefinition: (name: string) => Promise<boolean>;
}

/**
 * Has the server check one object as it would when it is made: its schema, and everything that
 * admission says. Nothing is stored.
 *
 * @throws conflict `RELEASE_OBJECT_EXISTS`; whatever the server refuses it for, naming the object.
 */
export async function tryObject(run: DryRun, resource: ApiResource, object: KubeObject): Promise<void> {
  const namespace = object.metadata?.namespace ?? run.namespace;
  const what = `${describeObject(object)}`;
  if (!run.isNew) {
    await run.client.send({
      method: 'PATCH',
      path: resourcePath(resource, namespace, nameOf(object)),
      query: { dryRun: 'All', fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: object,
      what,
    });
    return;
  }
  try {
    await run.client.send({
      method: 'POST',
      path: resourcePath(resource, namespace),
      query: { dryRun: 'All', fieldManager: FIELD_MANAGER },
      body: object,
      what,
    });
  } catch (error) {
    if (!WindlassError.isInstance(error) || error.code !== 'KUBERNETES_CONFLICT') throw error;
    await checkWhose(run, resource, object, namespace);
  }
}

/** An object that is there already: ours from a try before, or somebody else's. */
async function checkWhose(
  run: DryRun,
  resource: ApiResource,
  object: KubeObject,
  namespace: string,
): Promise<void> {
  const live = await run.client.find<KubeObject>({
    method: 'GET',
    path: resourcePath(resource, namespace, nameOf(object)),
  });
  if (live === null) return;
  if (object.kind === 'CustomResourceDefinition' && (await run.isLooseDefinition(nameOf(object)))) return;
  const annotations = live.metadata?.annotations ?? {};
  if (
    annotations['meta.helm.sh/release-name'] === run.releaseName &&
    annotations['meta.helm.sh/release-namespace'] === run.namespace
  ) {
    return;
  }
  throw new WindlassError(
    'conflict',
    `${describeObject(object)} exists already, and is not of this release`,
    {
      code: 'RELEASE_OBJECT_EXISTS',
      hint: 'choose another name for the cluster, or remove what is in the way',
    },
  );
}

/**
 * Has the server check a pod as a workload will make it: limits of the namespace, quotas, pod
 * security. Controllers are refused these only later, where nobody waits for the answer.
 */
export async function tryPod(run: DryRun, workload: Workload): Promise<void> {
  const { template } = workload.spec ?? {};
  const spec = { ...template?.spec } as Record<string, unknown>;
  // Those that the chart makes itself are not there yet.
  delete spec['serviceAccountName'];
  delete spec['serviceAccount'];
  // What the controller mounts of claims that it makes.
  const claims = (workload.spec?.volumeClaimTemplates ?? []).map((claim) => ({
    name: nameOf(claim),
    emptyDir: {},
  }));
  const { labels, annotations } = template?.metadata ?? {};
  await run.client.send({
    method: 'POST',
    path: resourcePath(PODS, workload.metadata?.namespace ?? run.namespace),
    query: { dryRun: 'All', fieldManager: FIELD_MANAGER },
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'windlass-check-', labels, annotations },
      spec: {
        ...spec,
        automountServiceAccountToken: false,
        volumes: [...((spec['volumes'] ?? []) as unknown[]), ...claims],
      },
    },
    what: `a pod of ${describeObject(workload)}`,
  });
}
