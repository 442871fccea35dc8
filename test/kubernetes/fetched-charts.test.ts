import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPackage, readPackageArchive } from '../../src/app-package/index.ts';
import { createRequestsClient } from '../../src/client/requests-client.ts';
import { chartBinding } from '../../src/domain/index.ts';
import { sealSecret } from '../../src/secrets/index.ts';
import { CHART_READER } from '../kit/chart-servers.ts';
import { findTestHelm } from '../kit/find-helm.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { holdsSecret } from '../stack/find-secret.ts';
import { runCli, type CliRun } from '../stack/run-cli.ts';
import { openChartSources, type ChartSources } from './chart-sources.ts';

const CHART = fileURLToPath(new URL('../fixtures/charts/web', import.meta.url));
const LIMIT_MS = 240_000;

describe('charts by reference, through the whole stack', () => {
  const controlPlane = useControlPlane();
  let sources: ChartSources;
  let stack: TestStack;
  let worker: TestWorker;
  /** What helm was run with, a line a run. */
  let helmLog: string;
  let credential: string;

  beforeAll(async () => {
    [sources, stack] = await Promise.all([openChartSources(), startStack()]);
    helmLog = join(sources.folder, 'helm.log');
    const helm = join(sources.folder, 'helm');
    const { path } = await findTestHelm();
    writeFileSync(helm, `#!/bin/sh\necho "$@" >>'${helmLog}'\nexec '${path}' "$@"\n`);
    chmodSync(helm, 0o755);
    credential = join(sources.folder, 'credential.json');
    writeFileSync(credential, JSON.stringify(CHART_READER));
    worker = await stack.startWorker({ WINDLASS_HELM: helm, WINDLASS_LOG_LEVEL: 'debug' });
  }, LIMIT_MS);
  afterAll(async () => {
    await stack.stop();
    await sources.close();
  }, LIMIT_MS);

  const windlass = async (
    ...args: readonly string[]
  ): Promise<CliRun & { readonly pulls: number; readonly helm: string }> => {
    writeFileSync(helmLog, '');
    const run = await runCli(stack.env, args);
    const helm = readFileSync(helmLog, 'utf8');
    return { ...run, helm, pulls: helm.split('\n').filter((line) => line.startsWith('pull ')).length };
  };
  const place = (): readonly string[] => [
    '--version',
    sources.version,
    '--ca-file',
    sources.trusted.certFile,
  ];
  const inLockedRegistry = (): readonly string[] => [
    `oci://${sources.lockedRegistry.address}/shop/${sources.name}`,
    ...place(),
    ...['--chart-credential', credential],
  ];

  it(
    'are the same version as the same content that is uploaded',
    async () => {
      const { apps } = stack.client;
      const { name, version, trusted, registry, repository, archive } = sources;
      const where = { version, certificateAuthority: trusted.pem };
      const pulled = await apps.register(`oci://${registry.address}/shop/${name}`, where);
      expect(pulled).toMatchObject({ appName: name, version });
      const named = await windlass(
        ...['app', 'register', name, '--repo', `https://${repository.address}/site`, ...place(), '--json'],
      );
      expect(JSON.parse(named.stdout)).toMatchObject({ versionId: pulled.versionId });
      expect((await apps.register(archive)).versionId).toBe(pulled.versionId);
      expect(await apps.list()).toHaveLength(1);
      const files = await readPackageArchive(readFileSync(archive));
      expect(files.map((file) => file.path)).toEqual((await readPackage(CHART)).map((file) => file.path));
      await expect(apps.register('oci://registry.invalid/shop/web:1.0.0')).rejects.toMatchObject({
        code: 'CHART_UNREACHABLE',
      });
    },
    LIMIT_MS,
  );

  it(
    'are described, give their values, and become a cluster with one pull each, the password in no log and on no command line',
    async () => {
      const described = await windlass('app', 'describe', ...inLockedRegistry());
      expect(described).toMatchObject({ exitCode: 0, pulls: 1 });
      expect(described.stdout).toContain('values.schema.json');
      const conf = await windlass('app', 'conf', ...inLockedRegistry());
      expect(conf).toMatchObject({ exitCode: 0, pulls: 1 });
      const values = JSON.parse(conf.stdout) as { readonly replicas: number };

      const namespace = await controlPlane().createNamespace();
      await stack.client.runtimes.create({
        name: 'kube',
        provider: 'kubernetes',
        zone: namespace,
        credential: controlPlane().kubeconfig(),
      });
      const [app = '', ...where] = inLockedRegistry();
      const create = ['--runtime', 'kube', '--name', 'shop', '--set', `replicas=${values.replicas + 1}`];
      const created = await windlass('cluster', 'create', '--app', app, ...where, ...create);
      expect(created).toMatchObject({ exitCode: 0, pulls: 1 });
      const cluster = await stack.client.clusters.describe('shop');
      expect(cluster).toMatchObject({ status: 'active', app: sources.name });
      expect(cluster.nodes).toHaveLength(values.replicas + 1);
      const upgraded = await windlass('cluster', 'upgrade', 'shop', '--app', app, ...where);
      expect(upgraded).toMatchObject({ exitCode: 0, pulls: 1 });

      const { password } = CHART_READER;
      const said = [described, conf, created, upgraded].flatMap((run) => [run.stdout, run.stderr, run.helm]);
      const texts = [...said, worker.log()];
      expect(texts.filter((text) => holdsSecret(text, password))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'say what is wrong with a credential, and open none that is sealed for another host',
    async () => {
      const [app = '', ...where] = inLockedRegistry();
      const without = await windlass('app', 'describe', app, ...place());
      expect(without.stderr).toContain('--chart-credential FILE');
      writeFileSync(join(sources.folder, 'wrong.json'), '{"username": "reader", "password": "not-that-one"}');
      const wrong = await windlass(
        ...['cluster', 'create', '--app', app, ...place(), '--runtime', 'kube', '--json'],
        ...['--chart-credential', join(sources.folder, 'wrong.json')],
      );
      expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'CHART_UNAUTHORIZED' } });
      const broken = await windlass('app', 'conf', app, ...where.slice(0, -1), sources.archive);
      expect(broken.stderr).toContain('not JSON');
      const folder = await windlass('app', 'describe', CHART, '--version', '1.0.0');
      expect(folder.stderr).toContain('version is only for charts that are fetched');
      expect([wrong, broken, folder].map(({ exitCode }) => exitCode)).not.toContain(0);
      const connection = await Connection.connect({ address: stack.temporal.address });
      const reads = createRequestsClient(
        new Client({ connection, namespace: stack.temporal.namespace }),
        stack.temporal,
        30_000,
      );
      const sealed = await sealSecret(
        await reads.getSealingKey(),
        JSON.stringify(CHART_READER),
        chartBinding({ chart: app, version: '0.0.1' }),
      );
      const stolen = reads.registerChart({ chart: app, version: sources.version, credential: sealed });
      await expect(stolen).rejects.toMatchObject({ code: 'SEALED_SECRET' });
      await connection.close();
      expect(holdsSecret(wrong.stdout + wrong.stderr + worker.log(), 'not-that-one')).toBe(false);
    },
    LIMIT_MS,
  );
});
