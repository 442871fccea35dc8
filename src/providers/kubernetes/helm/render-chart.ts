import { createHash } from 'node:crypto';
import type { PackageFile } from '../../../domain/index.ts';
import { canonicalJson } from '../../../plan/index.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { readManifest } from '../read-manifest.ts';
import { toHelmError } from './helm-errors.ts';
import { runHelm, type HelmProgram } from './run-helm.ts';
import { withWorkFolder } from './work-folder.ts';
import type { WorkloadOverride } from '../release-tasks.ts';

const RENDER_TIMEOUT_MS = 60_000;

/** The input of `helm template`: the same request renders the same objects, on every machine. */
export interface RenderRequest {
  readonly program: HelmProgram;
  readonly files: readonly PackageFile[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly releaseName: string;
  readonly namespace: string;
  /** Used without asking a server: the Kubernetes version that charts see. */
  readonly kubeVersion: string;
  readonly apiVersions?: readonly string[];
  readonly overrides?: readonly WorkloadOverride[];
  readonly signal: AbortSignal;
}

/**
 * The objects that a chart renders with these values, including CRDs and hooks. Runs `helm template`,
 * which contacts no server and has no effect.
 *
 * @throws invalid-input `CHART_RENDER`, `CONF_INVALID`, `KUBERNETES_VERSION`; cancelled.
 */
export async function renderChart(request: RenderRequest): Promise<readonly KubeObject[]> {
  // A cluster is parsed when it is requested and again when its job begins, and rendered once more for the
  // check. If the results are certain to be identical, helm runs once.
  const chart = hashChart(request);
  const key = hashRequest(request, chart);
  const known = rendered.get(key);
  if (known !== undefined) {
    // The newest last: results that were not used for the longest time are dropped first.
    rendered.delete(key);
    rendered.set(key, known);
    return structuredClone(known);
  }
  const objects = await render(request);
  keep(accepted, acceptance(request, chart), true, KEPT_ACCEPTED);
  // The key is computed again: by now the chart may be known to accept the version.
  keep(rendered, hashRequest(request, chart), objects, KEPT_RENDERS);
  return structuredClone(objects);
}

/** Enough for the jobs that a worker runs at the same time. */
const KEPT_RENDERS = 128;
const KEPT_ACCEPTED = 1_000;
const rendered = new Map<string, readonly KubeObject[]>();
/** Charts that helm has rendered for a version of Kubernetes: their `kubeVersion` allows it. */
const accepted = new Map<string, true>();

function keep<T>(kept: Map<string, T>, key: string, value: T, most: number): void {
  kept.set(key, value);
  for (const oldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(oldest);
  }
}

interface ChartHash {
  readonly digest: string;
  /** Whether the result may depend on the server version that helm is given. */
  readonly asksForServer: boolean;
}

function hashChart({ files, program }: RenderRequest): ChartHash {
  const hash = createHash('sha256').update(`helm ${program.version}\n`);
  let asksForServer = false;
  for (const { path, content } of files) {
    hash.update(`${path.length}:${path}${content.byteLength}:`).update(content);
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    // A packed subchart is not inspected.
    asksForServer ||= /\.t(ar\.)?gz$/.test(path) || bytes.includes('Capabilities');
  }
  return { digest: hash.digest('hex'), asksForServer };
}

function hashRequest(request: RenderRequest, chart: ChartHash): string {
  const { values, releaseName, namespace, kubeVersion, apiVersions = [], overrides = [] } = request;
  const dependsOnServer =
    chart.asksForServer ||
    // Values may also be templates.
    canonicalJson(values).includes('Capabilities') ||
    !accepted.has(acceptance(request, chart));
  const server = dependsOnServer ? { kubeVersion, apiVersions } : {};
  return createHash('sha256')
    .update(canonicalJson({ chart: chart.digest, values, releaseName, namespace, overrides, ...server }))
    .digest('hex');
}

function acceptance({ kubeVersion }: RenderRequest, { digest }: ChartHash): string {
  return `${digest} ${kubeVersion}`;
}

function render(request: RenderRequest): Promise<readonly KubeObject[]> {
  const {
    program,
    files,
    values,
    releaseName,
    namespace,
    kubeVersion,
    apiVersions = [],
    overrides = [],
  } = request;
  return withWorkFolder(async (folder) => {
    const chart = await folder.writeChart(files);
    const valuesFile = await folder.writeValues(values);
    const result = await runHelm({
      program,
      args: [
        'template',
        releaseName,
        chart,
        '--namespace',
        namespace,
        '--values',
        valuesFile,
        '--include-crds',
        '--kube-version',
        kubeVersion,
        ...(apiVersions.length === 0 ? [] : ['--api-versions', apiVersions.join(',')]),
        ...(overrides.length === 0
          ? []
          : await folder.writePostRenderer(program, { overrides, recorded: null })),
      ],
      env: folder.env,
      cwd: folder.path,
      signal: request.signal,
      timeoutMs: RENDER_TIMEOUT_MS,
    });
    if (result.exitCode !== 0)
      throw toHelmError('template', hideFolder(result.stderr, folder.path), (text) => text);
    return readManifest(result.stdout);
  });
}

/** The temporary path of the chart means nothing to users. */
export function hideFolder(text: string, path: string): string {
  return text.replaceAll(`${path}/chart/`, '').replaceAll(`${path}/`, '');
}
