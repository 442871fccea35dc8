import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPackage, readPackageArchive } from '../../src/app-package/index.ts';
import { findCacheFolder } from '../../src/config/index.ts';
import type { ChartReference } from '../../src/domain/index.ts';
import { createChartPuller } from '../../src/providers/kubernetes/index.ts';
import { findHelm } from '../../src/tools/index.ts';
import {
  makeCertificate,
  REGISTRY,
  serveFolder,
  startRegistry,
  type TestCertificate,
  type TestServer,
} from '../kit/chart-servers.ts';
import { startStack, type TestStack } from '../kit/stack.ts';

const CHART = fileURLToPath(new URL('../fixtures/charts/web', import.meta.url));
const LIMIT_MS = 240_000;
const NEVER = new AbortController().signal;

const find = () =>
  findHelm({ named: null, cache: findCacheFolder(process.env), env: process.env, report: () => {} });

describe('charts that a worker fetches', () => {
  const pull = createChartPuller(find);
  let folder: string;
  let name: string;
  let version: string;
  let trusted: TestCertificate;
  let other: TestCertificate;
  let repository: TestServer;
  let registry: TestServer;
  let plainRegistry: TestServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'windlass-charts-'));
    trusted = makeCertificate(folder, 'trusted');
    other = makeCertificate(folder, 'other');
    const { path: helm } = await find();
    const env = { PATH: process.env['PATH'], HOME: folder };
    const run = (...args: string[]): string =>
      execFileSync(helm, args, { env, encoding: 'utf8', stdio: 'pipe' });
    const site = join(folder, 'site');
    mkdirSync(site);
    run('package', CHART, '--destination', site);
    run('repo', 'index', site);
    [, name = '', version = ''] =
      /^(.+)-(\d+\.\d+\.\d+)\.tgz$/.exec(
        execFileSync('ls', [site], { encoding: 'utf8' })
          .split('\n')
          .find((file) => file.endsWith('.tgz')) ?? '',
      ) ?? [];
    const archive = join(site, `${name}-${version}.tgz`);
    // The same, with an archive that somebody has changed since.
    cpSync(site, join(folder, 'changed'), { recursive: true });
    run('package', CHART, '--destination', join(folder, 'changed'), '--app-version', '66.6');
    mkdirSync(join(folder, 'locked'));
    repository = await serveFolder(folder, trusted);
    if (REGISTRY === undefined) throw new Error('apt install docker-registry');
    registry = await startRegistry(REGISTRY, join(folder, 'registry'), trusted);
    plainRegistry = await startRegistry(REGISTRY, join(folder, 'plain'), null);
    run('push', archive, `oci://${registry.address}/shop`, '--ca-file', trusted.certFile);
    run('push', archive, `oci://${plainRegistry.address}/shop`, '--plain-http');
  }, LIMIT_MS);

  afterAll(async () => {
    await Promise.all([repository, registry, plainRegistry].map((server) => server?.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const inRepository = (path: string, more: Partial<ChartReference> = {}): ChartReference => ({
    chart: name,
    repository: `https://${repository.address}/${path}`,
    certificateAuthority: trusted.pem,
    ...more,
  });
  const inRegistry = (path: string, more: Partial<ChartReference> = {}): ChartReference => ({
    chart: `oci://${registry.address}/${path}`,
    certificateAuthority: trusted.pem,
    ...more,
  });

  it('come from a repository, by version and without, byte for byte', async () => {
    const wanted = readFileSync(join(folder, 'site', `${name}-${version}.tgz`));
    expect(Buffer.from(await pull(inRepository('site', { version }), NEVER)).equals(wanted)).toBe(true);
    expect(Buffer.from(await pull(inRepository('site'), NEVER)).equals(wanted)).toBe(true);
  });

  it('come from a registry with TLS, by tag, by option and without, and from one on this machine without', async () => {
    const wanted = readFileSync(join(folder, 'site', `${name}-${version}.tgz`));
    for (const reference of [
      inRegistry(`shop/${name}`, { version }),
      inRegistry(`shop/${name}:${version}`),
      inRegistry(`shop/${name}`),
      { chart: `oci://${plainRegistry.address}/shop/${name}`, version },
    ]) {
      expect(Buffer.from(await pull(reference, NEVER)).equals(wanted), reference.chart).toBe(true);
    }
  });

  it.each<[string, () => ChartReference, string, string]>([
    [
      'a host that nobody knows',
      () => inRepository('site', { repository: 'https://charts.invalid' }),
      'unavailable',
      'CHART_UNREACHABLE',
    ],
    [
      'a registry that nobody knows',
      () => ({ chart: 'oci://registry.invalid/shop/web', version: '1.0.0' }),
      'unavailable',
      'CHART_UNREACHABLE',
    ],
    [
      'a port where nobody listens',
      () => inRepository('site', { repository: 'https://127.0.0.1:1' }),
      'unavailable',
      'CHART_UNREACHABLE',
    ],
    ['a repository without an index', () => inRepository('nothing'), 'not-found', 'CHART_NOT_FOUND'],
    [
      'a chart that the repository lacks',
      () => inRepository('site', { chart: 'absent' }),
      'not-found',
      'CHART_NOT_FOUND',
    ],
    [
      'a version that the repository lacks',
      () => inRepository('site', { version: '99.0.0' }),
      'not-found',
      'CHART_NOT_FOUND',
    ],
    [
      'a chart that the registry lacks',
      () => inRegistry('shop/absent', { version: '1.0.0' }),
      'not-found',
      'CHART_NOT_FOUND',
    ],
    [
      'a version that the registry lacks',
      () => inRegistry(`shop/${name}`, { version: '99.0.0' }),
      'not-found',
      'CHART_NOT_FOUND',
    ],
    [
      'an archive that is not the one in the index',
      () => inRepository('changed', { version }),
      'invalid-input',
      'CHART_DIGEST',
    ],
    ['a repository that wants a password', () => inRepository('locked'), 'permission', 'CHART_UNAUTHORIZED'],
    [
      'a repository of another CA',
      () => inRepository('site', { certificateAuthority: other.pem }),
      'permission',
      'CHART_TLS',
    ],
    [
      'a registry of another CA',
      () => inRegistry(`shop/${name}`, { version, certificateAuthority: other.pem }),
      'permission',
      'CHART_TLS',
    ],
    [
      'a registry without TLS where a CA is given',
      () => ({
        chart: `oci://${plainRegistry.address}/shop/${name}`,
        version,
        certificateAuthority: trusted.pem,
      }),
      'permission',
      'CHART_TLS',
    ],
  ])('say of %s what is wrong', async (_, reference, kind, code) => {
    await expect(pull(reference(), NEVER)).rejects.toMatchObject({ kind, code });
  });

  it('say when there is no helm', async () => {
    const without = createChartPuller(() =>
      findHelm({ named: join(folder, 'no-helm'), cache: folder, env: {}, report: () => {} }),
    );
    await expect(without(inRepository('site'), NEVER)).rejects.toMatchObject({ code: 'HELM_UNUSABLE' });
  });

  describe('through the whole stack', () => {
    let stack: TestStack;
    beforeAll(async () => {
      stack = await startStack();
      await stack.startWorker();
    }, LIMIT_MS);
    afterAll(async () => stack.stop(), LIMIT_MS);

    it(
      'are the same version as the same content that is uploaded',
      async () => {
        const { apps } = stack.client;
        const { chart, ...place } = inRegistry(`shop/${name}`, { version });
        const pulled = await apps.register(chart, place);
        expect(pulled).toMatchObject({ appName: name, version });
        const { chart: plain, ...where } = inRepository('site');
        expect((await apps.register(plain, where)).versionId).toBe(pulled.versionId);
        expect((await apps.register(join(folder, 'site', `${name}-${version}.tgz`))).versionId).toBe(
          pulled.versionId,
        );
        expect(await apps.list()).toHaveLength(1);
        const files = await readPackageArchive(readFileSync(join(folder, 'site', `${name}-${version}.tgz`)));
        expect(files.map((file) => file.path)).toEqual((await readPackage(CHART)).map((file) => file.path));
        await expect(apps.register('oci://registry.invalid/shop/web:1.0.0')).rejects.toMatchObject({
          code: 'CHART_UNREACHABLE',
        });
      },
      LIMIT_MS,
    );
  });
});
