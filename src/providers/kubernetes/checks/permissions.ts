import { WindlassError } from '../../../domain/index.ts';
import { CLAIMS, groupOf, PODS, SECRETS, type ApiResource } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import { HINT_RBAC } from '../api/kube-errors.ts';

interface AccessReview {
  readonly status?: { readonly allowed?: boolean };
}

/** What helm does with every object of a release, over its whole life. */
const OBJECT_VERBS = ['get', 'create', 'patch', 'delete', 'list', 'watch'] as const;
const RECORD_VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete'] as const;

/**
 * Asks the server whether the credential may do everything that a release of these kinds needs.
 *
 * @throws permission `KUBERNETES_FORBIDDEN`; `details` names every right that is missing.
 */
export async function checkPermissions(
  client: KubeClient,
  namespace: string,
  resources: readonly ApiResource[],
): Promise<void> {
  const ask = async (attributes: object): Promise<boolean> => {
    const review = await client.send<AccessReview>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: attributes },
      },
      what: 'ask what is allowed',
    });
    return review.status?.allowed === true;
  };
  const needsCluster = resources.some((resource) => !resource.namespaced);
  // Who may do everything need not be asked for each thing.
  const all = { group: '*', resource: '*', verb: '*' };
  if (await ask(needsCluster ? all : { ...all, namespace })) return;

  const wanted = new Map<string, { readonly resource: ApiResource; readonly verb: string }>();
  const want = (resource: ApiResource, verbs: readonly string[]): void => {
    for (const verb of verbs) wanted.set(describe(resource, verb), { resource, verb });
  };
  want(SECRETS, RECORD_VERBS);
  want(PODS, ['get', 'list', 'watch']);
  want(CLAIMS, ['list', 'delete']);
  for (const resource of resources) want(resource, OBJECT_VERBS);
  const answers = await Promise.all(
    [...wanted].map(async ([words, { resource, verb }]) => {
      const attributes = { group: groupOf(resource.apiVersion), resource: resource.plural, verb };
      return { words, allowed: await ask(resource.namespaced ? { ...attributes, namespace } : attributes) };
    }),
  );
  const missing = answers.filter(({ allowed }) => !allowed).map(({ words }) => words);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 4).join(', ');
  const more = missing.length > 4 ? ` and ${missing.length - 4} more` : '';
  throw new WindlassError('permission', `the credential may not ${shown}${more} in namespace ${namespace}`, {
    code: 'KUBERNETES_FORBIDDEN',
    field: 'credential',
    hint: HINT_RBAC,
    details: missing.map((message) => ({ message })),
  });
}

function describe({ apiVersion, plural }: ApiResource, verb: string): string {
  const group = groupOf(apiVersion);
  return `${verb} ${plural}${group === '' ? '' : `.${group}`}`;
}
