import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { openSmallCharts, WEB, writeMap, writeSet, type SmallCharts } from './small-charts.ts';

vi.setConfig({ testTimeout: 200_000 });
const controlPlane = useControlPlane();
let charts: SmallCharts;

beforeAll(async () => {
  charts = await openSmallCharts(controlPlane());
}, 120_000);
afterAll(() => charts?.stop(), 180_000);

const GROUPS = ['api/v1', 'apis/apps/v1', 'apis/rbac.authorization.k8s.io/v1'] as const;

/** `<kind> <name>` of the objects that exist and are not being deleted. */
async function listNames(namespace: string, ...kinds: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const group = GROUPS[kind.endsWith('sets') || kind === 'deployments' ? 1 : 0];
      return (await charts.api.list(`/${group}/namespaces/${namespace}/${kind}`))
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => `${kind} ${metadata.name}`);
    }),
  );
  return lists
    .flat()
    .filter((name) => !name.endsWith('kube-root-ca.crt'))
    .sort();
}

function claim(name: string, labels: Readonly<Record<string, string>>): object {
  return {
    metadata: { name, labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
}

describe('a delete leaves what helm keeps, and all that belongs to it', () => {
  const POLICIES = {
    lower: 'keep',
    upper: 'KEEP',
    mixed: 'Keep',
    spaced: ' keep\t',
    other: 'delete',
    empty: '',
  };

  test.concurrent('every spelling of the policy that helm itself obeys', async () => {
    const keeps = charts.write('keeps', {
      'templates/maps.yaml': [
        ...Object.entries(POLICIES).map(([name, policy]) =>
          writeMap(name, { 'helm.sh/resource-policy': policy }),
        ),
        writeMap('plain', {}),
        `apiVersion: v1\nkind: List\nmetadata: {annotations: {helm.sh/resource-policy: Keep}}\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}\n`,
        `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: claimed, annotations: {helm.sh/resource-policy: Keep}}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n`,
      ].join('---\n'),
    });
    const [ours, helms] = [await charts.openRuntime(), await controlPlane().createNamespace()];
    await charts.helm(helms, 'install', 'keeps', keeps);
    await charts.helm(helms, 'uninstall', 'keeps', '--wait');
    await charts.succeed(charts.client.clusters.create({ app: keeps, runtime: ours, name: 'keeps' }));
    await charts.succeed(charts.client.clusters.delete('keeps'));
    const kept = await listNames(helms, 'configmaps', 'persistentvolumeclaims');
    expect(kept).toContain('configmaps spaced');
    expect(kept).not.toContain('configmaps plain');
    expect(await listNames(ours, 'configmaps', 'persistentvolumeclaims')).toEqual(kept);
  });

  test.concurrent('claims and pods of kept workloads are neither deleted nor waited for', async () => {
    const keep = ', annotations: { helm.sh/resource-policy: Keep }';
    const sets = charts.write('sets', {
      'templates/kept.yaml': writeSet('kept', keep),
      'templates/gone.yaml': writeSet('gone'),
      'templates/web.yaml': WEB.replace('Release.Name }} }', `Release.Name }}${keep} }`),
    });
    const namespace = await charts.openRuntime();
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    // Put there for the set's pods to find, as one brings data along.
    await charts.api.create(claims, claim('data-sets-gone-0', { app: 'sets-gone' }));
    await charts.succeed(charts.client.clusters.create({ app: sets, runtime: namespace, name: 'sets' }));
    await charts.succeed(charts.client.clusters.addNodes('sets', { role: 'sets-gone', count: 1 }));
    // Created for a later pod; and a pod of another owner that the set's selector finds.
    await charts.api.create(claims, claim('data-sets-gone-7', { app: 'sets-gone' }));
    await charts.api.create(`/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name: 'stranger', labels: { app: 'sets-gone' } },
      spec: { containers: [{ name: 'main', image: 'web:1' }] },
    });
    await charts.succeed(charts.client.clusters.delete('sets'));
    expect(await listNames(namespace, 'persistentvolumeclaims', 'statefulsets', 'deployments')).toEqual([
      'deployments sets',
      'persistentvolumeclaims data-sets-gone-0',
      'persistentvolumeclaims data-sets-gone-7',
      'persistentvolumeclaims data-sets-kept-0',
      'statefulsets sets-kept',
    ]);
    const pods = await listNames(namespace, 'pods');
    expect(pods).toEqual(
      expect.arrayContaining([expect.stringMatching(/^pods sets-/), 'pods sets-kept-0', 'pods stranger']),
    );
    expect(pods).toHaveLength(3);
  });

  test.concurrent('claims that a release of the same name has left before', async () => {
    const chart = charts.write('again', { 'templates/set.yaml': writeSet('set') });
    const namespace = await charts.openRuntime();
    await charts.helm(namespace, 'install', 'again', chart, '--wait');
    await charts.helm(namespace, 'uninstall', 'again', '--wait');
    const before = await listNames(namespace, 'persistentvolumeclaims');
    expect(before).toEqual(['persistentvolumeclaims data-again-set-0']);
    await charts.succeed(charts.client.clusters.create({ app: chart, runtime: namespace, name: 'again' }));
    await charts.succeed(charts.client.clusters.delete('again'));
    expect(await listNames(namespace, 'persistentvolumeclaims')).toEqual(before);
  });
});

describe('a delete leaves what only bears the name of a hook', () => {
  const hooked = (name: string, event: string, policy?: string): string =>
    writeMap(name, {
      'helm.sh/hook': event,
      ...(policy === undefined ? {} : { 'helm.sh/hook-delete-policy': policy }),
    });

  test.concurrent('of one that never ran, and of one whose own object is gone', async () => {
    const chart = charts.write('hooks', {
      'templates/web.yaml': WEB,
      'templates/hooks.yaml': [
        hooked('never-test', 'test'),
        hooked('never-rollback', 'pre-rollback,post-rollback'),
        hooked('adopted', 'pre-install', 'hook-failed'),
        hooked('replaced', 'pre-install', 'hook-succeeded'),
        hooked('left', 'post-install'),
        hooked('left-by-delete', 'pre-delete'),
        hooked('kept', 'pre-install').replace(
          'annotations: {',
          `annotations: {"helm.sh/resource-policy":"Keep",`,
        ),
      ].join('---\n'),
    });
    const namespace = await charts.openRuntime();
    const maps = `/api/v1/namespaces/${namespace}/configmaps`;
    for (const name of ['never-test', 'never-rollback', 'adopted'])
      await charts.api.create(maps, { metadata: { name }, data: { mine: '1' } });
    await charts.succeed(charts.client.clusters.create({ app: chart, runtime: namespace, name: 'hooks' }));
    expect(await listNames(namespace, 'configmaps')).toEqual([
      'configmaps adopted',
      'configmaps kept',
      'configmaps left',
      'configmaps never-rollback',
      'configmaps never-test',
    ]);
    await charts.api.create(maps, { metadata: { name: 'replaced' }, data: { mine: '1' } });
    await charts.succeed(charts.client.clusters.delete('hooks'));
    expect(await listNames(namespace, 'configmaps')).toEqual([
      'configmaps adopted',
      'configmaps kept',
      'configmaps never-rollback',
      'configmaps never-test',
      'configmaps replaced',
    ]);
  });

  test.concurrent('of another release whose hook makes the same for the whole server', async () => {
    const chart = charts.write('reader', {
      'templates/web.yaml': WEB,
      'templates/role.yaml':
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: hook-reader, annotations: {helm.sh/hook: pre-install}}\nrules: []\n',
    });
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const listRoles = async (): Promise<readonly string[]> =>
      (await charts.api.list(path))
        .map(({ metadata }) => metadata.name)
        .filter((name) => name === 'hook-reader');
    const namespace = await charts.openRuntime();
    for (const name of ['first', 'second'])
      await charts.succeed(charts.client.clusters.create({ app: chart, runtime: namespace, name }));
    await charts.succeed(charts.client.clusters.delete('first'));
    expect(await listRoles()).toEqual(['hook-reader']);
    await charts.succeed(charts.client.clusters.delete('second'));
    expect(await listRoles()).toEqual([]);
  });
});
