import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createApiClient, useControlPlane, type KubernetesObject } from '../kit/kubernetes/index.ts';

describe('the control plane that tests start', () => {
  const controlPlane = useControlPlane();

  /** Waits for what the server says of the pods with this label. */
  async function untilPods(
    namespace: string,
    app: string,
    isTrue: (pods: readonly KubernetesObject[]) => boolean,
  ): Promise<readonly KubernetesObject[]> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const pods = await controlPlane().api.list(
        `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`,
      );
      if (isTrue(pods)) return pods;
      if (Date.now() > deadline)
        throw new Error(`pods of ${app}: ${JSON.stringify(pods.map((pod) => pod.status))}`);
      await sleep(50);
    }
  }

  async function deploy(namespace: string, app: string, pod: object, annotations = {}): Promise<void> {
    await controlPlane().api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
      metadata: { name: app },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app } },
        template: { metadata: { labels: { app }, annotations }, spec: pod },
      },
    });
  }

  const container = { name: 'main', image: 'registry.example/app:1' };

  it('runs pods, each with an address, and knows its version', async () => {
    const namespace = await controlPlane().createNamespace();
    await deploy(namespace, 'plain', { containers: [container] });
    const [pod] = await untilPods(namespace, 'plain', (pods) => pods[0]?.status?.['phase'] === 'Running');
    expect(pod?.status?.['podIP']).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(JSON.parse(await controlPlane().api.text('/version'))).toMatchObject({ gitVersion: 'v1.37.2' });
  });

  it.each([
    ['oom', 'CrashLoopBackOff', 'OOMKilled'],
    ['crash', 'CrashLoopBackOff', 'Error'],
    ['image', 'ImagePullBackOff', undefined],
  ])('plays a pod that %ss', async (behaviour, waiting, last) => {
    const namespace = await controlPlane().createNamespace();
    await deploy(
      namespace,
      behaviour,
      { containers: [container] },
      { 'testbed.windlass/behaviour': behaviour },
    );
    const reason = (
      pod: KubernetesObject | undefined,
      state: 'state' | 'lastState',
      kind: string,
    ): unknown => {
      const [status] = (pod?.status?.['containerStatuses'] ?? []) as Record<
        string,
        Record<string, { reason: string }>
      >[];
      return status?.[state]?.[kind]?.reason;
    };
    const [pod] = await untilPods(
      namespace,
      behaviour,
      ([one]) => reason(one, 'state', 'waiting') === waiting,
    );
    expect(reason(pod, 'lastState', 'terminated')).toBe(last);
  });

  it('plays an image that cannot be pulled, and a pod that is slow to be ready', async () => {
    const namespace = await controlPlane().createNamespace();
    await deploy(namespace, 'missing', { containers: [{ name: 'main', image: 'missing.invalid/app:1' }] });
    await deploy(namespace, 'slow', { containers: [container] }, { 'testbed.windlass/ready-delay': '2s' });
    const [slow] = await untilPods(namespace, 'slow', ([pod]) => pod?.status?.['phase'] === 'Running');
    const ready = (
      (slow?.status?.['conditions'] ?? []) as { type: string; lastTransitionTime: string }[]
    ).find(({ type }) => type === 'Ready');
    const tookMs =
      Date.parse(ready?.lastTransitionTime ?? '') - Date.parse(slow?.metadata.creationTimestamp ?? '');
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    await untilPods(namespace, 'missing', ([pod]) =>
      JSON.stringify(pod?.status).includes('ImagePullBackOff'),
    );
  });

  it('says why a pod cannot be placed', async () => {
    const namespace = await controlPlane().createNamespace();
    await deploy(namespace, 'huge', {
      containers: [{ ...container, resources: { requests: { cpu: '100' } } }],
    });
    await untilPods(namespace, 'huge', ([pod]) =>
      JSON.stringify(pod?.status ?? null).includes('Insufficient cpu'),
    );
  });

  it('lets no user do anything', async () => {
    const { url, ca, tokens } = controlPlane();
    const nobody = createApiClient({ url, ca, token: tokens.nobody });
    await expect(nobody.list('/api/v1/namespaces/default/pods')).rejects.toMatchObject({ status: 403 });
    nobody.close();
  });

  it('binds volumes, gives addresses, runs jobs, and takes all of it away', async () => {
    const namespace = await controlPlane().createNamespace();
    const { api } = controlPlane();
    const core = `/api/v1/namespaces/${namespace}`;
    await api.create(`${core}/persistentvolumeclaims`, {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await api.create(`${core}/services`, {
      metadata: { name: 'front' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'none' } },
    });
    await api.create(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`, {
      metadata: { name: 'front' },
      spec: { defaultBackend: { service: { name: 'front', port: { number: 80 } } } },
    });
    await api.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, {
      metadata: { name: 'once' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    });
    const status = async (path: string): Promise<string> => JSON.stringify((await api.get(path)).status);
    await until(async () => (await status(`${core}/persistentvolumeclaims/data`)).includes('"Bound"'));
    await until(async () => (await status(`${core}/services/front`)).includes('192.0.2.10'));
    await until(async () =>
      (await status(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/front`)).includes(
        '192.0.2.20',
      ),
    );
    await until(async () =>
      (await status(`/apis/batch/v1/namespaces/${namespace}/jobs/once`)).includes('"Complete"'),
    );
    await api.delete(`${core}/persistentvolumeclaims/data`);
    await until(async () => {
      const volumes = await api.list('/api/v1/persistentvolumes');
      return !JSON.stringify(volumes).includes(namespace);
    });
  });

  it('keeps what it has when its API server is killed', async () => {
    const namespace = await controlPlane().createNamespace();
    await deploy(namespace, 'kept', { containers: [container] });
    await untilPods(namespace, 'kept', (pods) => pods.length === 1);
    await controlPlane().killApiServer();
    await expect(controlPlane().api.text('/readyz')).rejects.toThrow();
    await controlPlane().startApiServer();
    await untilPods(namespace, 'kept', (pods) => pods[0]?.status?.['phase'] === 'Running');
  }, 180_000);

  async function until(isTrue: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!(await isTrue())) {
      if (Date.now() > deadline) throw new Error('waited too long');
      await sleep(50);
    }
  }
});
