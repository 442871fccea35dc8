import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chartHostOf,
  parseChartReference,
  type ChartCredential,
  type ChartSource,
} from '../../../chart-package/index.ts';
import { WindlassError, type ChartReference } from '../../../domain/index.ts';
import { readHelmYaml } from '../../../helm-yaml/index.ts';
import { toPullError } from './pull-errors.ts';
import { runHelm, type FindHelm } from './run-helm.ts';
import { withWorkFolder, type WorkFolder } from './work-folder.ts';

/** Shorter than the timeout of the client's request, so that the client gets the reason. */
const PULL_MS = 240_000;

/** Fetches the archive (.tgz) of a chart that a registry or a repository holds. */
export type PullChart = (
  reference: ChartReference,
  credential: ChartCredential | null,
  signal: AbortSignal,
) => Promise<Uint8Array>;

/**
 * Fetches with helm, into a folder that is removed afterwards. TLS is verified; only a server of this
 * machine (loopback) may be used without TLS. A password is written to a file of that folder, in helm's
 * own format, and is sent only to the host of the reference.
 *
 * @throws the errors that `registerChart` documents; cancelled.
 */
export function createChartPuller(findHelm: FindHelm): PullChart {
  return async (reference, credential, signal) => {
    const source = parseChartReference(reference);
    const program = await findHelm();
    return withWorkFolder(async (folder) => {
      const destination = join(folder.path, 'pulled');
      await mkdir(destination, { mode: 0o700 });
      const trust = join(folder.path, 'ca.pem');
      if (source.certificateAuthority !== null) {
        await writeFile(trust, source.certificateAuthority, { mode: 0o600 });
      }
      const env = {
        ...withoutPlainHttp(folder.env),
        HELM_REGISTRY_CONFIG: await writeRegistries(folder, source, credential),
        HELM_REPOSITORY_CONFIG: await writeRepositories(folder, source, credential, trust),
      };
      const run = async (args: readonly string[]): Promise<void> => {
        const { path: cwd } = folder;
        const result = await runHelm({ program, args, env, cwd, signal, timeoutMs: PULL_MS });
        // Helm reports an index that it cannot read only in its log.
        if (result.exitCode !== 0) throw toPullError(source, `${result.stdout}\n${result.stderr}`);
      };
      // Listed in the repositories file: for a repository that is given only by URL, helm stores no index
      // to compare with.
      if (source.repository !== null) {
        const strict = program.major === 3 ? ['--fail-on-repo-update-fail'] : [];
        await run(['repo', 'update', REPOSITORY, ...strict]);
      }
      const chart = source.repository === null ? source.chart : `${REPOSITORY}/${source.chart}`;
      await run([
        ...['pull', chart, `--destination=${destination}`],
        ...(source.certificateAuthority === null ? [] : [`--ca-file=${trust}`]),
        ...(source.version === null ? [] : [`--version=${source.version}`]),
        ...(source.plainHttp ? ['--plain-http'] : []),
      ]);
      const name = (await readdir(destination)).find((file) => file.endsWith('.tgz'));
      if (name === undefined) throw toPullError(source, 'helm fetched no archive');
      const archive = await readFile(join(destination, name));
      if (source.repository !== null) await checkDigest(source, folder, name, archive);
      return archive;
    });
  };
}

/** No process listens on this port: requests to it are refused by this machine. */
const NO_PROXY_AT_ALL = '127.0.0.1:0';

/**
 * A repository's index and every redirect may lead helm to http://, where requests and answers can be read
 * and changed on the way. Plain http to other machines is refused here; this machine is reached without a
 * proxy.
 */
function withoutPlainHttp(env: WorkFolder['env']): WorkFolder['env'] {
  const { NO_PROXY: _upper, no_proxy: _lower, ...rest } = env;
  const closed = { HTTP_PROXY: `http://${NO_PROXY_AT_ALL}`, http_proxy: `http://${NO_PROXY_AT_ALL}` };
  // Exceptions come from the operator's proxy for TLS; without a proxy they would allow plain http.
  const hasProxy = Boolean(env['HTTPS_PROXY'] ?? env['https_proxy']);
  return { ...(hasProxy ? env : rest), ...closed };
}

/** The name of the repository in the folder of one run. */
const REPOSITORY = 'windlass';

/** The name under which credentials of Docker's own registry are stored. */
const DOCKER_HUB = 'https://index.docker.io/v1/';

/** helm's file of registry credentials. */
async function writeRegistries(
  folder: WorkFolder,
  { chart, repository }: ChartSource,
  credential: ChartCredential | null,
): Promise<string> {
  const file = join(folder.path, 'registry.json');
  if (credential === null || repository !== null) return file;
  const host = chartHostOf({ chart });
  const auth = Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
  const auths = { [/^(registry-1\.)?docker\.io$/.test(host) ? DOCKER_HUB : host]: { auth } };
  await writeFile(file, JSON.stringify({ auths }), { mode: 0o600 });
  return file;
}

/** helm's file of repositories; their passwords are stored nowhere else. */
async function writeRepositories(
  folder: WorkFolder,
  { repository: url, certificateAuthority }: ChartSource,
  credential: ChartCredential | null,
  trust: string,
): Promise<string> {
  const file = join(folder.path, 'repositories.yaml');
  if (url === null) return file;
  const entry = {
    ...{ name: REPOSITORY, url, pass_credentials_all: false, ...credential },
    ...(certificateAuthority === null ? {} : { caFile: trust }),
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', repositories: [entry] }), { mode: 0o600 });
  return file;
}

/**
 * A repository's index states the digest of each archive, and helm does not verify it. A registry's
 * content is addressed by digest, and helm verifies that.
 */
async function checkDigest(
  source: ChartSource,
  folder: WorkFolder,
  archiveName: string,
  archive: Uint8Array,
): Promise<void> {
  const found = createHash('sha256').update(archive).digest('hex');
  const cache = folder.env['HELM_CACHE_HOME'] ?? folder.path;
  const text = await readFile(join(cache, 'repository', `${REPOSITORY}-index.yaml`), 'utf8');
  // Indexes have tens of megabytes: the file is parsed only if it does not contain the digest as text.
  if (text.includes(found)) return;
  const wanted = findDigest(readHelmYaml(text), source.chart, archiveName);
  if (wanted === null) return;
  throw new WindlassError(
    'invalid-input',
    `${archiveName} does not match the digest in the index of ${source.label}`,
    {
      code: 'CHART_DIGEST',
      hint: 'the archive was changed after it was published: ask the owner of the repository',
    },
  );
}

interface IndexEntry {
  readonly version?: string;
  readonly digest?: string;
}

/** The index entry for the version that helm has fetched; null if it states no digest. */
function findDigest(index: unknown, chart: string, archiveName: string): string | null {
  const { entries } = index as { entries?: Readonly<Record<string, readonly IndexEntry[]>> };
  const entry = entries?.[chart]?.find(({ version }) => archiveName === `${chart}-${version}.tgz`);
  return entry?.digest?.replace(/^sha256:/, '') ?? null;
}
