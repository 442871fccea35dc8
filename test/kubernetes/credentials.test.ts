import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import { CLOUD_LIVES } from '../../src/conformance/cloud-life.ts';
import type { ConformanceHarness } from '../../src/conformance/index.ts';
import { createConnector } from '../../src/providers/kubernetes/api/connection.ts';
import { createKubernetesProvider } from '../../src/providers/kubernetes/index.ts';
import { createKubernetesHarness } from '../conformance/kubernetes-harness.ts';
import { findTestHelm } from '../kit/find-helm.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';

const LIMIT_MS = 120_000;
const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

describe('what a credential may do on Kubernetes', () => {
  const controlPlane = useControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'windlass-credentials-'));
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function open(harness: ConformanceHarness): Promise<Bench> {
    return openBench({ harness, waitLimitMs: 60_000, life: CLOUD_LIVES.releases });
  }

  function grant(namespace: string, role: string, subject: object): Promise<unknown> {
    return controlPlane().api.create(
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
      {
        metadata: { name: role },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: role === 'cluster-admin' ? 'ClusterRole' : 'Role',
          name: role,
        },
        subjects: [subject],
      },
    );
  }

  it(
    'in a pod: its service account installs and deletes a release, and the server is verified by the CA beside its token',
    async () => {
      const { api, ca, url } = controlPlane();
      const harness = await createKubernetesHarness(controlPlane(), (made) => ({
        ...made,
        credential: { inCluster: 'true' },
        provider: createKubernetesProvider({
          findHelm: () => findTestHelm(),
          connect: createConnector({ allowedExec: [], allowInCluster: true, podRoot: folder }),
        }),
      }));
      const { zone: namespace } = harness.runtime;
      await grant(namespace, 'cluster-admin', { kind: 'ServiceAccount', name: 'default', namespace });
      const { status } = await api.create(`/api/v1/namespaces/${namespace}/serviceaccounts/default/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3_600 },
      });
      mkdirSync(join(folder, SERVICE_ACCOUNT), { recursive: true });
      writeFileSync(join(folder, SERVICE_ACCOUNT, 'token'), String(status?.['token']));
      writeFileSync(join(folder, SERVICE_ACCOUNT, 'ca.crt'), ca);
      writeFileSync(join(folder, SERVICE_ACCOUNT, 'namespace'), namespace);
      vi.stubEnv('KUBERNETES_SERVICE_HOST', new URL(url).hostname);
      vi.stubEnv('KUBERNETES_SERVICE_PORT', new URL(url).port);

      const bench = await open(harness);
      const account = await bench.engine.read((call) =>
        harness.provider.validateCredential(
          { url: '', credential: harness.credential, zone: namespace, settings: {} },
          call,
        ),
      );
      expect(account.account).toBe(`system-serviceaccount-${namespace}-default`);
      await bench.engine.run(bench.task('InstallRelease'));
      expect((await bench.list()).map(({ state }) => state)).toEqual(['running']);
      await bench.deleteAll();
    },
    LIMIT_MS,
  );

  it(
    'a kind that may not be deleted ends the delete with its name; once it may be, nothing is left',
    async () => {
      const plane = controlPlane();
      const harness = await createKubernetesHarness(plane, (made) => ({
        ...made,
        credential: { document: plane.kubeconfig({ user: 'nobody' }) },
        conf: { ...made.conf, hook: false },
      }));
      const { zone: namespace } = harness.runtime;
      const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`;
      const most = {
        apiGroups: ['apps'],
        resources: ['deployments'],
        verbs: ['get', 'list', 'watch', 'create', 'patch'],
      };
      const others = [
        { apiGroups: [''], resources: ['*'], verbs: ['*'] },
        { apiGroups: ['apps'], resources: ['statefulsets', 'daemonsets', 'replicasets'], verbs: ['*'] },
      ];
      await plane.api.create(roles, { metadata: { name: 'most' }, rules: [most, ...others] });
      await grant(namespace, 'most', { kind: 'User', name: 'nobody', apiGroup: 'rbac.authorization.k8s.io' });
      const bench = await open(harness);
      await bench.engine.run(bench.task('InstallRelease'));

      await expect(bench.engine.run(bench.task('UninstallRelease'))).rejects.toMatchObject({
        kind: 'permission',
        code: 'KUBERNETES_FORBIDDEN',
        message: expect.stringContaining('delete deployments.apps'),
      });
      await plane.api.patch(`${roles}/most`, { rules: [{ ...most, verbs: ['*'] }, ...others] });
      await bench.deleteAll();
    },
    LIMIT_MS,
  );
});
