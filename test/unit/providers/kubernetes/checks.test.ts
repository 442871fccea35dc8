import { describe, expect, it } from 'vitest';
import { WindlassError } from '../../../../src/domain/index.ts';
import { CRDS, DEPLOYMENTS, PODS, SERVICES } from '../../../../src/providers/kubernetes/api/api-resources.ts';
import type { KubeClient, KubeRequest } from '../../../../src/providers/kubernetes/api/kube-client.ts';
import type { KubeObject, Workload } from '../../../../src/providers/kubernetes/api/kube-types.ts';
import { tryObject, tryPod, type DryRun } from '../../../../src/providers/kubernetes/checks/dry-run.ts';
import { checkPermissions, requireRights } from '../../../../src/providers/kubernetes/checks/permissions.ts';

/** A client that is answered by the test, and what it was asked. */
function createClient(answer: (request: KubeRequest) => unknown): {
  readonly client: KubeClient;
  readonly asked: KubeRequest[];
} {
  const asked: KubeRequest[] = [];
  const send = async (request: KubeRequest): Promise<unknown> => {
    asked.push(request);
    return answer(request);
  };
  return { client: { send, find: send } as unknown as KubeClient, asked };
}

interface Asked {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
}

const attributesOf = ({ body }: KubeRequest): Asked =>
  (body as { spec: { resourceAttributes: Asked } }).spec.resourceAttributes;

/** Allows what `rule` says. */
const allow =
  (rule: (asked: Asked) => boolean) =>
  (request: KubeRequest): unknown => ({ status: { allowed: rule(attributesOf(request)) } });

describe('rights', () => {
  it('are asked for with one question of who may do everything', async () => {
    const { client, asked } = createClient(allow(({ verb }) => verb === '*'));
    await checkPermissions(client, 'shop', [DEPLOYMENTS]);
    expect(asked.map(attributesOf)).toEqual([{ group: '*', resource: '*', verb: '*', namespace: 'shop' }]);
  });

  it('are asked for in the whole cluster where a kind is of no namespace', async () => {
    const { client, asked } = createClient(allow(({ verb }) => verb !== '*'));
    await checkPermissions(client, 'shop', [CRDS, SERVICES]);
    const [everything, ...each] = asked.map(attributesOf);
    expect(everything).toEqual({ group: '*', resource: '*', verb: '*' });
    const ofCrds = each.filter(({ resource }) => resource === 'customresourcedefinitions');
    expect(ofCrds.map(({ verb, namespace }) => [verb, namespace])).toEqual(
      ['get', 'create', 'patch', 'delete', 'list', 'watch'].map((verb) => [verb, undefined]),
    );
    expect(each.filter(({ resource }) => resource === 'services').map(({ namespace }) => namespace)).toEqual(
      Array.from({ length: 6 }, () => 'shop'),
    );
    // Helm keeps its records in secrets.
    expect(each.some(({ resource, verb }) => resource === 'secrets' && verb === 'update')).toBe(true);
  });

  it('that are missing are named, each of them in the details', async () => {
    const { client } = createClient(
      allow(({ verb, resource }) => verb !== '*' && !(resource === 'deployments' && verb !== 'get')),
    );
    const failure = checkPermissions(client, 'shop', [DEPLOYMENTS]);
    await expect(failure).rejects.toMatchObject({
      kind: 'permission',
      code: 'KUBERNETES_FORBIDDEN',
      field: 'credential',
      message: expect.stringMatching(/create deployments\.apps.* and 1 more in namespace shop/),
      details: ['create', 'patch', 'delete', 'list', 'watch'].map((verb) => ({
        message: `${verb} deployments.apps`,
      })),
    });
  });

  it('are asked for once, and in each namespace that is meant', async () => {
    const { client, asked } = createClient(allow(({ namespace }) => namespace === 'shop'));
    const right = { resource: PODS, verb: 'delete', namespace: 'shop' };
    await requireRights(client, [right, right]);
    expect(asked).toHaveLength(1);
    await expect(requireRights(client, [right, { ...right, namespace: 'other' }])).rejects.toMatchObject({
      message: 'the credential may not delete pods in namespace other',
    });
  });
});

describe('objects that are tried', () => {
  const web: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
  const taken = new WindlassError('conflict', 'already exists', { code: 'KUBERNETES_CONFLICT' });

  function run(
    answer: (request: KubeRequest) => unknown,
    isNew = true,
  ): { run: DryRun; asked: KubeRequest[] } {
    const { client, asked } = createClient(answer);
    const isLooseDefinition = async (name: string): Promise<boolean> => name === 'loose';
    return { run: { client, namespace: 'shop', releaseName: 'life', isNew, isLooseDefinition }, asked };
  }

  /** Refuses to make it, because this is there. */
  const holding =
    (annotations: Record<string, string>) =>
    ({ method }: KubeRequest): unknown => {
      if (method === 'POST') throw taken;
      return { ...web, metadata: { name: 'web', annotations } };
    };

  it('are made of a new release and applied to one that is there, without effect', async () => {
    for (const [isNew, method] of [
      [true, 'POST'],
      [false, 'PATCH'],
    ] as const) {
      const { run: tried, asked } = run(() => ({}), isNew);
      await tryObject(tried, SERVICES, web);
      expect(asked.map(({ method: used }) => used)).toEqual([method]);
      expect(asked[0]?.query).toMatchObject({ dryRun: 'All' });
    }
  });

  it('may be there already when they are of this release', async () => {
    const own = { 'meta.helm.sh/release-name': 'life', 'meta.helm.sh/release-namespace': 'shop' };
    await tryObject(run(holding(own)).run, SERVICES, web);
  });

  it.each([{}, { 'meta.helm.sh/release-name': 'life', 'meta.helm.sh/release-namespace': 'elsewhere' }])(
    'are a conflict when another release or user owns them: %j',
    async (annotations) => {
      await expect(tryObject(run(holding(annotations)).run, SERVICES, web)).rejects.toMatchObject({
        kind: 'conflict',
        code: 'RELEASE_OBJECT_EXISTS',
        message: expect.stringContaining('Service web'),
      });
    },
  );

  it('are left alone when they are definitions of kinds that lie outside the templates', async () => {
    const kind = 'CustomResourceDefinition';
    await tryObject(run(holding({})).run, CRDS, { ...web, kind, metadata: { name: 'loose' } });
    await expect(tryObject(run(holding({})).run, CRDS, { ...web, kind })).rejects.toMatchObject({
      code: 'RELEASE_OBJECT_EXISTS',
    });
  });

  it('are refused with the server’s own words', async () => {
    const refused = new WindlassError('invalid-input', 'Service web: no', { code: 'KUBERNETES_INVALID' });
    const { run: tried } = run(() => {
      throw refused;
    });
    await expect(tryObject(tried, SERVICES, web)).rejects.toBe(refused);
  });

  it('are pods too: without the account that the chart makes, with volumes in place of claims', async () => {
    const { run: tried, asked } = run(() => ({}));
    await tryPod(tried, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        template: {
          metadata: { labels: { app: 'db' } },
          spec: { serviceAccountName: 'own', containers: [{ name: 'db', image: 'db:1' }] },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      },
    } as unknown as Workload);
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/pods',
        query: { dryRun: 'All' },
        body: { spec: { volumes: [{ name: 'data', emptyDir: {} }] } },
      },
    ]);
    expect(JSON.stringify(asked)).not.toContain('serviceAccountName');
  });
});
