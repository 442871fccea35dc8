import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type TestStack } from '../kit/stack.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';

const CHART = fileURLToPath(new URL('../fixtures/charts/shop', import.meta.url));
const LIMIT_MS = 240_000;
const PASSWORD = 'open-sesame-77';

describe('a chart on Kubernetes, through the whole stack', () => {
  const controlPlane = useControlPlane();
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startStack();
    await stack.startWorker();
  }, LIMIT_MS);
  afterAll(async () => stack.stop(), LIMIT_MS);

  it(
    'is installed, described, and gone without a trace after its delete',
    async () => {
      const { api } = controlPlane();
      const namespace = await controlPlane().createNamespace();
      const { client } = stack;
      const runtime = await client.runtimes.create({
        name: 'kube',
        provider: 'kubernetes',
        zone: namespace,
        credential: controlPlane().kubeconfig(),
      });
      expect(runtime.account).toBe('admin');

      const created = await client.clusters.create({
        app: CHART,
        runtime: 'kube',
        name: 'shop',
        conf: { db: { password: PASSWORD } },
        settings: { 'web.replicas': '3' },
      });
      const job = await client.jobs.wait(created.jobId, { clusterId: created.clusterId });
      expect(job.error).toBeNull();
      expect(job.layers.map((layer) => layer.name)).toEqual(['InstallRelease']);
      const cluster = await client.clusters.describe('shop', { refresh: true });
      expect(cluster.status).toBe('active');
      expect(cluster.nodes.map((node) => [node.role, node.status])).toEqual([
        ['shop-agent', 'active'],
        ['shop-db', 'active'],
        ['shop-web', 'active'],
        ['shop-web', 'active'],
        ['shop-web', 'active'],
      ]);
      const [endpoint] = cluster.endpoints;
      expect(endpoint?.addresses).toHaveLength(3);
      const secret = await api.get(`/api/v1/namespaces/${namespace}/secrets/shop-db`);
      expect(Buffer.from(secret.data?.['password'] ?? '', 'base64').toString()).toBe(PASSWORD);
      expect(JSON.stringify(cluster)).not.toContain(PASSWORD);

      const deleted = await client.clusters.delete('shop');
      await client.jobs.wait(deleted.jobId, { clusterId: created.clusterId });
      for (const path of [
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
        `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
        `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
        `/apis/batch/v1/namespaces/${namespace}/jobs`,
        `/api/v1/namespaces/${namespace}/pods`,
        `/api/v1/namespaces/${namespace}/services`,
        `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
        `/api/v1/namespaces/${namespace}/secrets`,
      ]) {
        expect(
          (await api.list(path)).map((object) => object.metadata.name),
          path,
        ).toEqual([]);
      }
      const gone = await client.clusters.describe(created.clusterId);
      expect(gone.status).toBe('deleted');
      expect(new Set(gone.nodes.map((node) => node.status))).toEqual(new Set(['deleted']));
    },
    LIMIT_MS,
  );
});
