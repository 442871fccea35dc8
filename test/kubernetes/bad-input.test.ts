import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeCertificate } from '../kit/chart-servers.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const DEFINITION = fileURLToPath(new URL('../fixtures/charts/hooked/crds/backup.yaml', import.meta.url));
const LIMIT_MS = 240_000;

describe('what is wrong, on a real API server', () => {
  const controlPlane = useControlPlane();
  let stack: TestStack;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'windlass-bad-'));
    writeChart('plain', {});
    stack = await startStack({ env: { WINDLASS_KUBERNETES_EXEC: 'aws' } });
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    // In place of the AWS CLI: nothing but its own words and keys reaches it.
    writeFileSync(join(bin, 'aws'), `#!/bin/sh\ncat '${join(folder, 'token.json')}'\n`, { mode: 0o755 });
    await stack.startWorker({ PATH: `${bin}:${process.env['PATH'] ?? ''}` });
  }, LIMIT_MS);
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  function writeChart(name: string, files: Readonly<Record<string, string>>): string {
    const path = join(folder, name);
    const all = {
      'Chart.yaml': 'apiVersion: v2\nname: small\nversion: 1.0.0\n',
      'values.yaml': 'size: 1\n',
      'values.schema.json': '{"properties":{"size":{"type":"integer"}}}',
      'templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: small}\n',
      'templates/web.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: main, image: "registry.example/app:1"}]}\n',
      ...files,
    };
    for (const [file, text] of Object.entries(all)) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), text);
    }
    return path;
  }

  let runtimes = 0;
  async function createRuntime(credential: string, namespace: string, url?: string): Promise<string> {
    const name = `kube-${(runtimes += 1)}`;
    const at = url === undefined ? {} : { url };
    await stack.client.runtimes.create({ name, provider: 'kubernetes', zone: namespace, credential, ...at });
    return name;
  }

  let clusters = 0;

  /** The error of a create, and that nothing of it is on the server. */
  async function refusal(app: string, runtime: string, namespace: string, size = '1'): Promise<unknown> {
    const { client } = stack;
    // A cluster that failed lives, and keeps its name.
    clusters += 1;
    const name = `bad-${clusters}`;
    const outcome = await client.clusters.create({ app, runtime, name, settings: { size } }).then(
      async ({ jobId, clusterId }) => (await client.jobs.wait(jobId, { clusterId })).error,
      (error: unknown) => error,
    );
    const { api } = controlPlane();
    for (const path of [
      `/api/v1/namespaces/${namespace}/secrets`,
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
    ]) {
      expect(await api.list(path), path).toEqual([]);
    }
    return outcome;
  }

  const claim = `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec:\n  storageClassName: golden\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n`;

  it.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['values that break the schema', {}, 'many', 'CONF_INVALID'],
    [
      'a kind without a CRD',
      { 'templates/own.yaml': 'apiVersion: own.example/v1\nkind: Thing\nmetadata: {name: x}\n' },
      '1',
      'KUBERNETES_KIND_UNKNOWN',
    ],
    ['an unknown storage class', { 'templates/claim.yaml': claim }, '1', 'STORAGE_CLASS_UNKNOWN'],
    [
      'an object that the server refuses',
      { 'templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n' },
      '1',
      'KUBERNETES_INVALID',
    ],
    ['templates that cannot be rendered', { 'templates/map.yaml': '{{ fail "no" }}' }, '1', 'CHART_RENDER'],
  ])(
    '%s: named before any effect',
    async (what, files, size, code) => {
      const namespace = await controlPlane().createNamespace();
      const runtime = await createRuntime(controlPlane().kubeconfig(), namespace);
      const app = writeChart(what.replaceAll(' ', '-'), files);
      expect(await refusal(app, runtime, namespace, size)).toMatchObject({ code });
    },
    LIMIT_MS,
  );

  it(
    'a definition among the templates that exists already and belongs to another owner: named before any effect',
    async () => {
      const { api } = controlPlane();
      const namespace = await controlPlane().createNamespace();
      const runtime = await createRuntime(controlPlane().kubeconfig(), namespace);
      const definition = readFileSync(DEFINITION, 'utf8').replaceAll('testbed.windlass', 'foreign.windlass');
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      await api.create(path, parse(definition) as Parameters<typeof api.create>[1]);
      const among = writeChart('definition-among-templates', { 'templates/definition.yaml': definition });
      const error = {
        code: 'RELEASE_OBJECT_EXISTS',
        message: expect.stringContaining('foreign.windlass.example exists already'),
      };
      expect(await refusal(among, runtime, namespace)).toMatchObject(error);
      // In crds/ it is left as it is.
      const beside = writeChart('definition-beside', { 'crds/definition.yaml': definition });
      const { clusterId, jobId } = await stack.client.clusters.create({ app: beside, runtime, name: 'fine' });
      expect((await stack.client.jobs.wait(jobId, { clusterId })).error).toBeNull();
    },
    LIMIT_MS,
  );

  it(
    'a verb that is forbidden: named before any effect',
    async () => {
      const { api } = controlPlane();
      const namespace = await controlPlane().createNamespace();
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
      await api.create(`${rbac}/roles`, {
        metadata: { name: 'most' },
        rules: [
          { apiGroups: [''], resources: ['secrets', 'configmaps', 'pods', 'events'], verbs: ['*'] },
          { apiGroups: ['apps'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
        ],
      });
      await api.create(`${rbac}/rolebindings`, {
        metadata: { name: 'most' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'most' },
        subjects: [{ kind: 'User', name: 'nobody', apiGroup: 'rbac.authorization.k8s.io' }],
      });
      const runtime = await createRuntime(controlPlane().kubeconfig({ user: 'nobody' }), namespace);
      expect(await refusal(join(folder, 'plain'), runtime, namespace)).toMatchObject({
        code: 'KUBERNETES_FORBIDDEN',
        message: expect.stringContaining('deployments'),
      });
    },
    LIMIT_MS,
  );

  it(
    'a server that is not there, and one of another CA: no runtime is made',
    async () => {
      const { kubeconfig } = controlPlane();
      await expect(
        createRuntime(kubeconfig({ url: 'https://127.0.0.1:1' }), 'default'),
      ).rejects.toMatchObject({
        code: 'KUBERNETES_UNREACHABLE',
      });
      const { pem } = makeCertificate(folder, 'stranger');
      await expect(createRuntime(kubeconfig({ ca: pem }), 'default')).rejects.toMatchObject({
        code: 'KUBERNETES_TLS',
      });
    },
    LIMIT_MS,
  );

  it(
    'a token with its CA, and a program that gives one, work',
    async () => {
      const { url, ca, tokens, kubeconfig } = controlPlane();
      const namespace = await controlPlane().createNamespace();
      writeFileSync(
        join(folder, 'token.json'),
        JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { token: tokens.admin },
        }),
        { mode: 0o600 },
      );
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'aws',
        args: ['eks', 'get-token', '--cluster-name', 'shop'],
        env: [
          { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAOFTHEUSER' },
          { name: 'AWS_SECRET_ACCESS_KEY', value: 'plantedkeyoftheuser' },
        ],
      };
      const user = `user: ${JSON.stringify({ exec })}\n`;
      const withExec = kubeconfig().replace(/user:\n\s+token: \S+\n/, user);
      expect(withExec).not.toContain(tokens.admin);
      for (const [credential, at] of [
        [JSON.stringify({ token: tokens.admin, certificateAuthority: ca }), url],
        [withExec, undefined],
      ] as const) {
        const runtime = await createRuntime(credential, namespace, at);
        const { clusterId, jobId } = await stack.client.clusters.create({
          app: join(folder, 'plain'),
          runtime,
          name: `good-${runtimes}`,
        });
        expect((await stack.client.jobs.wait(jobId, { clusterId })).error).toBeNull();
        const gone = await stack.client.clusters.delete(clusterId);
        expect((await stack.client.jobs.wait(gone.jobId, { clusterId })).error).toBeNull();
      }
    },
    LIMIT_MS,
  );
});
