import { WindlassError, type Subnet, type Vpc } from '../../domain/index.ts';
import type { Call, Provider, RuntimeRequest, ValidateCredentialRequest } from '../../provider/index.ts';
import { NAMESPACES, resourcePath } from './api/api-resources.ts';
import { createKubeClient, type KubeClient } from './api/kube-client.ts';
import type { KubeList, KubeObject } from './api/kube-types.ts';
import { isAllowed } from './checks/permissions.ts';
import { nameOf } from './manifest.ts';
import { isForbidden } from './observe/explain.ts';
import { readSettings } from './settings.ts';
import type { KubernetesDependencies } from './tasks/release-scope.ts';

/** The name under which windlass shows the one network of a Kubernetes cluster. */
export const CLUSTER_VPC = 'kubernetes';

type Environment = Pick<
  Provider,
  'describeSubnets' | 'describeVpc' | 'validateCredential' | 'describeRuntimeProviderZones'
>;

/** Namespaces serve as zones and as subnets; the cluster is the one VPC. */
export function createEnvironment(dependencies: KubernetesDependencies): Environment {
  const open = async (
    request: Pick<RuntimeRequest['runtime'], 'url'> & Pick<RuntimeRequest, 'credential'>,
    call: Call,
  ): Promise<KubeClient> => createKubeClient(await dependencies.connect(request), call);

  return {
    async describeSubnets({ runtime, credential }, call) {
      const client = await open({ url: runtime.url, credential }, call);
      return (await listNamespaces(client, runtime.zone)).map((name): Subnet => ({
        subnetId: name,
        name,
        vpcId: CLUSTER_VPC,
        zone: name,
        // Kubernetes assigns the addresses of pods itself, and does not say how many are left.
        cidr: '',
        freeAddresses: 0,
      }));
    },

    async describeVpc({ runtime, credential, vpcId }, call) {
      const client = await open({ url: runtime.url, credential }, call);
      const namespaces = await listNamespaces(client, runtime.zone);
      const version = await readVersion(client);
      if (vpcId !== CLUSTER_VPC) {
        throw new WindlassError('not-found', `there is no VPC ${JSON.stringify(vpcId)}`, {
          code: 'VPC_NOT_FOUND',
          field: 'vpcId',
          hint: `a Kubernetes runtime has one: ${CLUSTER_VPC}`,
        });
      }
      const vpc: Vpc = {
        vpcId,
        name: `Kubernetes ${version} at ${client.server.host}`,
        cidr: '',
        status: 'available',
        subnetIds: namespaces,
      };
      return vpc;
    },

    validateCredential: (request, call) => validateCredential(dependencies, request, call),

    async describeRuntimeProviderZones({ url, credential, settings }, call) {
      readSettings(settings);
      return listNamespaces(await open({ url, credential }, call), null);
    },
  };
}

/** The user as which the server recognises the credential. */
interface SelfSubjectReview {
  readonly status?: { readonly userInfo?: { readonly username?: string } };
}

/**
 * Checks that the server is reachable, its certificate trusted, the credential accepted and the namespace
 * there; reports the first that fails.
 */
async function validateCredential(
  dependencies: KubernetesDependencies,
  { url, credential, zone, settings }: ValidateCredentialRequest,
  call: Call,
): Promise<{ account: string; region: string }> {
  readSettings(settings);
  const client = createKubeClient(await dependencies.connect({ url, credential }), call);
  const review = await client.find<SelfSubjectReview>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    what: 'find the user of the credential',
  });
  await requireNamespace(client, zone);
  const user = review?.status?.userInfo?.username ?? 'unknown';
  return { account: toQueueName(user), region: toQueueName(client.server.host) };
}

/** @throws not-found or permission, with `field` `zone`. */
export async function requireNamespace(client: KubeClient, namespace: string): Promise<void> {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new WindlassError(
      'invalid-input',
      `${JSON.stringify(namespace)} is not a valid name of a namespace`,
      {
        code: 'NAMESPACE_NOT_FOUND',
        field: 'zone',
        hint: 'the zone of a Kubernetes runtime is a namespace: windlass runtime zones',
      },
    );
  }
  try {
    const found = await client.find<KubeObject & { status?: { phase?: string } }>({
      method: 'GET',
      path: resourcePath(NAMESPACES, '', namespace),
      what: `find namespace ${namespace}`,
    });
    if (found !== null && found.status?.phase !== 'Terminating') return;
    throw new WindlassError(
      'not-found',
      `namespace ${namespace} ${found === null ? 'does not exist' : 'is being deleted'}`,
      {
        code: 'NAMESPACE_NOT_FOUND',
        field: 'zone',
        hint: `kubectl create namespace ${namespace}; windlass does not create namespaces`,
      },
    );
  } catch (error) {
    if (!isForbidden(error)) throw error;
    // A credential that is limited to one namespace often may not read namespaces: then ask whether it may
    // work in this one.
    await requireAnyRight(client, namespace);
  }
}

async function requireAnyRight(client: KubeClient, namespace: string): Promise<void> {
  if (await isAllowed(client, { namespace, verb: 'list', resource: 'secrets' })) return;
  throw new WindlassError(
    'permission',
    `the credential may not work in namespace ${namespace}, or the namespace does not exist`,
    {
      code: 'KUBERNETES_FORBIDDEN',
      field: 'zone',
      hint: 'helm keeps its records in secrets: allow at least list, create, update and delete of secrets there',
    },
  );
}

/** Sorted. If the credential may not list them, the one namespace that is known. */
async function listNamespaces(client: KubeClient, known: string | null): Promise<readonly string[]> {
  try {
    const list = await client.send<KubeList>({
      method: 'GET',
      path: resourcePath(NAMESPACES, ''),
      what: 'list namespaces',
    });
    return (list.items ?? []).map(nameOf).sort();
  } catch (error) {
    if (known === null || !isForbidden(error)) throw error;
    return [known];
  }
}

/** `v1.37.2` without the v. */
export async function readVersion(client: KubeClient): Promise<string> {
  const { gitVersion = '' } = await client.send<{ gitVersion?: string }>({
    method: 'GET',
    path: '/version',
    what: 'read the server’s version',
  });
  return gitVersion.replace(/^v/, '');
}

/** Lower case letters, digits and `-`: characters that are allowed in the name of a queue. */
function toQueueName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);
  return name === '' ? 'unknown' : name;
}
