import { WindlassError } from '../../../domain/index.ts';
import { PODS, resourcePath, type ApiResource } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import type { KubeObject, Workload } from '../api/kube-types.ts';
import { describeObject, nameOf } from '../manifest.ts';

const FIELD_MANAGER = 'windlass-check';

/** What a dry run on the server needs. */
export interface DryRun {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly releaseName: string;
  /** Whether the release is new: then no object of it may exist that is not its own. */
  readonly isNew: boolean;
  /** Whether helm leaves an existing definition unchanged. */
  readonly isLooseDefinition: (name: string) => Promise<boolean>;
}

/**
 * Has the server check one object as if it were created: its schema, and all admission rules. Nothing is
 * stored.
 *
 * @throws conflict `RELEASE_OBJECT_EXISTS`; every reason for which the server refuses it, naming the
 * object.
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

/** An object that exists already: ours from an earlier attempt, or another owner's. */
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
    `${describeObject(object)} exists already, and does not belong to this release`,
    {
      code: 'RELEASE_OBJECT_EXISTS',
      hint: 'choose another name for the cluster, or remove that object',
    },
  );
}

/**
 * Has the server check a pod as a workload will create it: limits of the namespace, quotas, pod security.
 * Without this check, only the controller would be refused, later, in its events.
 */
export async function tryPod(run: DryRun, workload: Workload): Promise<void> {
  const { template } = workload.spec ?? {};
  const spec = { ...template?.spec } as Record<string, unknown>;
  // Objects that the chart itself creates do not exist yet.
  delete spec['serviceAccountName'];
  delete spec['serviceAccount'];
  // Volumes that the controller mounts from the claims that it creates.
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
