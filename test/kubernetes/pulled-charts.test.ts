import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ChartReference } from '../../src/domain/index.ts';
import { createChartPuller } from '../../src/providers/kubernetes/index.ts';
import { findHelm } from '../../src/tools/index.ts';
import { CHART_READER, startDockerHub } from '../kit/chart-servers.ts';
import { findTestHelm } from '../kit/find-helm.ts';
import { openChartSources, type ChartSources } from './chart-sources.ts';

const LIMIT_MS = 240_000;
const NEVER = new AbortController().signal;

describe('charts that a worker fetches', () => {
  const pull = createChartPuller(() => findTestHelm());
  let sources: ChartSources;
  let name: string;
  let version: string;
  let folder: string;

  beforeAll(async () => {
    sources = await openChartSources();
    ({ name, version, folder } = sources);
  }, LIMIT_MS);
  afterAll(async () => sources.close());

  const inRepository = (path: string, more: Partial<ChartReference> = {}): ChartReference => ({
    chart: name,
    repository: `https://${sources.repository.address}/${path}`,
    certificateAuthority: sources.trusted.pem,
    ...more,
  });
  const inRegistry = (path: string, more: Partial<ChartReference> = {}): ChartReference => ({
    chart: `oci://${sources.registry.address}/${path}`,
    certificateAuthority: sources.trusted.pem,
    ...more,
  });

  it('come from a repository, by version and without, byte for byte', async () => {
    const wanted = readFileSync(join(folder, 'site', `${name}-${version}.tgz`));
    expect(Buffer.from(await pull(inRepository('site', { version }), null, NEVER)).equals(wanted)).toBe(true);
    expect(Buffer.from(await pull(inRepository('site'), null, NEVER)).equals(wanted)).toBe(true);
  });

  it('come from a registry with TLS, by tag, by option and without, and from one on this machine without', async () => {
    const wanted = readFileSync(join(folder, 'site', `${name}-${version}.tgz`));
    for (const reference of [
      inRegistry(`shop/${name}`, { version }),
      inRegistry(`shop/${name}:${version}`),
      inRegistry(`shop/${name}`),
      { chart: `oci://${sources.plainRegistry.address}/shop/${name}`, version },
    ]) {
      expect(Buffer.from(await pull(reference, null, NEVER)).equals(wanted), reference.chart).toBe(true);
    }
  });

  it.each<[string, () => ChartReference, string, string]>([
    [
      'an unknown host',
      () => inRepository('site', { repository: 'https://charts.invalid' }),
      'unavailable',
      'CHART_UNREACHABLE',
    ],
    [
      'an unknown registry',
      () => ({ chart: 'oci://registry.invalid/shop/web', version: '1.0.0' }),
      'unavailable',
      'CHART_UNREACHABLE',
    ],
    [
      'a port where no server listens',
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
      () => inRepository('site', { certificateAuthority: sources.other.pem }),
      'permission',
      'CHART_TLS',
    ],
    [
      'a registry of another CA',
      () => inRegistry(`shop/${name}`, { version, certificateAuthority: sources.other.pem }),
      'permission',
      'CHART_TLS',
    ],
    [
      'a registry without TLS where a CA is given',
      () => ({
        chart: `oci://${sources.plainRegistry.address}/shop/${name}`,
        version,
        certificateAuthority: sources.trusted.pem,
      }),
      'permission',
      'CHART_TLS',
    ],
  ])('say of %s what is wrong', async (_, reference, kind, code) => {
    await expect(pull(reference(), null, NEVER)).rejects.toMatchObject({ kind, code });
  });

  it('come from private registries and repositories with a credential, which no other host is sent', async () => {
    const { lockedRegistry, repository, mirror } = sources;
    const wanted = readFileSync(sources.archive);
    const isWanted = async (reference: ChartReference): Promise<boolean> =>
      wanted.equals(await pull(reference, CHART_READER, NEVER));
    const locked = inRegistry('', { chart: `oci://${lockedRegistry.address}/shop/${name}` });
    expect(await isWanted(locked)).toBe(true);
    expect(await isWanted(inRepository('locked/site'))).toBe(true);
    expect(await isWanted(inRepository('locked/elsewhere'))).toBe(true);
    expect(new Set(repository.askedByName)).toEqual(
      new Set([
        '/locked/site/index.yaml',
        `/locked/site/${name}-${version}.tgz`,
        '/locked/elsewhere/index.yaml',
      ]),
    );
    expect(mirror.askedByName).toEqual([]);
    for (const [reference, credential] of [
      [locked, null],
      [locked, { ...CHART_READER, password: 'another' }],
      [inRepository('locked/site'), { ...CHART_READER, password: 'another' }],
    ] as const) {
      const error = { kind: 'permission', code: 'CHART_UNAUTHORIZED' };
      await expect(pull(reference, credential, NEVER)).rejects.toMatchObject(error);
    }
  });

  it('are not fetched by plain http from another machine, whatever the index says and whatever proxy there is', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, url);
      for (const exceptions of ['', '*']) {
        for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, exceptions);
        const error = { kind: 'permission', code: 'CHART_TLS' };
        await expect(pull(inRepository('insecure'), null, NEVER)).rejects.toMatchObject(error);
      }
      expect(asked).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await new Promise((resolve) => proxy.close(resolve));
    }
  });

  it('come from Docker Hub with a credential, under each of its names', async () => {
    const wanted = readFileSync(sources.archive);
    const hub = await startDockerHub(sources.lockedRegistry);
    try {
      for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, `http://${hub.address}`);
      for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
      for (const host of ['docker.io', 'registry-1.docker.io']) {
        const reference = inRegistry('', { chart: `oci://${host}/shop/${name}`, version });
        expect(wanted.equals(await pull(reference, CHART_READER, NEVER)), host).toBe(true);
        const error = { kind: 'permission', code: 'CHART_UNAUTHORIZED' };
        await expect(pull(reference, null, NEVER)).rejects.toMatchObject(error);
      }
    } finally {
      vi.unstubAllEnvs();
      await hub.stop();
    }
    expect(new Set(hub.connectedTo)).toEqual(new Set(['registry-1.docker.io:443']));
  });

  it('say when there is no helm', async () => {
    const without = createChartPuller(() =>
      findHelm({ named: join(folder, 'no-helm'), cache: folder, env: {}, report: () => {} }),
    );
    await expect(without(inRepository('site'), null, NEVER)).rejects.toMatchObject({ code: 'HELM_UNUSABLE' });
  });
});
