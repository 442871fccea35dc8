import { WindlassError } from '../../../domain/index.ts';
import { CLAIMS, groupOf, PODS, SECRETS, type ApiResource } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import { HINT_RBAC } from '../api/kube-errors.ts';

interface AccessReview {
  readonly status?: { readonly allowed?: boolean };
}

/** The verbs that helm uses on the objects of a release, over its whole life. */
const OBJECT_VERBS = ['get', 'create', 'patch', 'delete', 'list', 'watch'] as const;
const RECORD_VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete'] as const;

/**
 * Asks the server whether the credential may do everything that a release of these kinds needs.
 *
 * @throws permission `KUBERNETES_FORBIDDEN`; `details` names every missing right.
 */
export async function checkPermissions(
  client: KubeClient,
  namespace: string,
  resources: readonly ApiResource[],
): Promise<void> {
  const needsCluster = resources.some((resource) => !resource.namespaced);
  // A credential that may do everything needs no further checks.
  const all = { group: '*', resource: '*', verb: '*' };
  if (await isAllowed(client, needsCluster ? all : { ...all, namespace })) return;

  const rights: Right[] = [];
  const want = (resource: ApiResource, verbs: readonly string[]): void => {
    for (const verb of verbs) rights.push({ resource, verb, namespace });
  };
  want(SECRETS, RECORD_VERBS);
  want(PODS, ['get', 'list', 'watch']);
  want(CLAIMS, ['list', 'delete']);
  for (const resource of resources) want(resource, OBJECT_VERBS);
  await requireRights(client, rights);
}

/** The rights to one kind of object in one namespace; the namespace of a kind without namespace is empty. */
export interface Right {
  readonly resource: ApiResource;
  readonly verb: string;
  readonly namespace: string;
}

/**
 * Asks the server about each right, once.
 *
 * @throws permission `KUBERNETES_FORBIDDEN`; `details` names every missing right.
 */
export async function requireRights(client: KubeClient, rights: readonly Right[]): Promise<void> {
  const wanted = new Map(rights.map((right) => [`${right.namespace} ${describe(right)}`, right]));
  const answers = await Promise.all(
    [...wanted.values()].map(async (right) => {
      const { resource, verb, namespace } = right;
      const attributes = { group: groupOf(resource.apiVersion), resource: resource.plural, verb };
      const asked = resource.namespaced ? { ...attributes, namespace } : attributes;
      return { right, allowed: await isAllowed(client, asked) };
    }),
  );
  const missing = answers.filter(({ allowed }) => !allowed).map(({ right }) => right);
  if (missing.length === 0) return;
  const words = missing.map(describe);
  const shown = words.slice(0, 4).join(', ');
  const more = missing.length > 4 ? ` and ${missing.length - 4} more` : '';
  const where = [...new Set(missing.map(({ namespace }) => namespace))].join(', ');
  throw new WindlassError('permission', `the credential may not ${shown}${more} in namespace ${where}`, {
    code: 'KUBERNETES_FORBIDDEN',
    field: 'credential',
    hint: HINT_RBAC,
    details: words.map((message) => ({ message })),
  });
}

/**
 * Asks the server whether the credential has one right: `resourceAttributes` of a SelfSubjectAccessReview.
 */
export async function isAllowed(
  client: KubeClient,
  resourceAttributes: Readonly<Record<string, string>>,
): Promise<boolean> {
  const review = await client.send<AccessReview>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
    what: 'ask what the credential may do',
  });
  return review.status?.allowed === true;
}

function describe({ resource: { apiVersion, plural }, verb }: Right): string {
  const group = groupOf(apiVersion);
  return `${verb} ${plural}${group === '' ? '' : `.${group}`}`;
}
