import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CHART_READER,
  makeCertificate,
  REGISTRY,
  serveFolder,
  startRegistry,
  type FileServer,
  type TestCertificate,
  type TestServer,
} from '../kit/chart-servers.ts';
import { findTestHelm } from '../kit/find-helm.ts';

const CHART = fileURLToPath(new URL('../fixtures/charts/web', import.meta.url));

/** The chart `web`, packed once, where charts are kept: in repositories and registries of the test's own. */
export interface ChartSources {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** The file of the packed chart. */
  readonly archive: string;
  /** What every server shows, and one that none does. */
  readonly trusted: TestCertificate;
  readonly other: TestCertificate;
  /**
   * `site`; `changed`, with another archive than its index names; `locked/site`, for CHART_READER
   * alone; `locked/elsewhere`, the same, with its archive on `mirror`; `insecure`, with its archive at a
   * plain address of another machine.
   */
  readonly repository: FileServer;
  readonly mirror: FileServer;
  readonly registry: TestServer;
  /** Without TLS. */
  readonly plainRegistry: TestServer;
  /** For CHART_READER alone. */
  readonly lockedRegistry: TestServer;
  close(): Promise<void>;
}

/** All registries hold `shop/web`. */
export async function openChartSources(): Promise<ChartSources> {
  if (REGISTRY === undefined) throw new Error('apt install docker-registry');
  const folder = mkdtempSync(join(tmpdir(), 'windlass-charts-'));
  const trusted = makeCertificate(folder, 'trusted');
  const other = makeCertificate(folder, 'other');
  const { path: helm } = await findTestHelm();
  const env = { PATH: process.env['PATH'], HOME: folder };
  const run = (...args: string[]): string =>
    execFileSync(helm, args, { env, encoding: 'utf8', stdio: 'pipe' });
  const servers = await Promise.all([
    serveFolder(folder, trusted),
    serveFolder(folder, trusted),
    startRegistry(REGISTRY, join(folder, 'registry'), trusted),
    startRegistry(REGISTRY, join(folder, 'plain'), null),
    startRegistry(REGISTRY, join(folder, 'private'), trusted, { locked: true }),
  ]);
  const [repository, mirror, registry, plainRegistry, lockedRegistry] = servers;
  const site = join(folder, 'site');
  for (const path of [site, join(folder, 'locked', 'elsewhere')]) mkdirSync(path, { recursive: true });
  const said = run('package', CHART, '--destination', site);
  const archive = /\/[^\s]+\.tgz/.exec(said)?.[0] ?? '';
  const [, name = '', version = ''] = /\/([^/]+)-(\d+\.\d+\.\d+)\.tgz$/.exec(archive) ?? [];
  run('repo', 'index', site);
  cpSync(site, join(folder, 'changed'), { recursive: true });
  run('package', CHART, '--destination', join(folder, 'changed'), '--app-version', '66.6');
  cpSync(site, join(folder, 'locked', 'site'), { recursive: true });
  writeFileSync(
    join(folder, 'locked', 'elsewhere', 'index.yaml'),
    readFileSync(join(site, 'index.yaml'), 'utf8').replace(
      `- ${name}-${version}.tgz`,
      `- https://${mirror.address}/site/${name}-${version}.tgz`,
    ),
  );
  mkdirSync(join(folder, 'insecure'));
  writeFileSync(
    join(folder, 'insecure', 'index.yaml'),
    readFileSync(join(site, 'index.yaml'), 'utf8').replace(
      `- ${name}-${version}.tgz`,
      `- http://charts.invalid/site/${name}-${version}.tgz`,
    ),
  );
  run('push', archive, `oci://${registry.address}/shop`, '--ca-file', trusted.certFile);
  run('push', archive, `oci://${plainRegistry.address}/shop`, '--plain-http');
  const { username, password } = CHART_READER;
  run(
    ...['push', archive, `oci://${lockedRegistry.address}/shop`, '--ca-file', trusted.certFile],
    ...['--username', username, '--password', password],
  );
  return {
    ...{ folder, name, version, archive, trusted, other },
    ...{ repository, mirror, registry, plainRegistry, lockedRegistry },
    async close() {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
