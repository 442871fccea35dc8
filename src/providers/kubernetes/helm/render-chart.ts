import { createHash } from 'node:crypto';
import type { PackageFile } from '../../../domain/index.ts';
import { canonicalJson } from '../../../plan/index.ts';
import type { KubeObject } from '../api/kube-types.ts';
import { parseManifest } from '../manifest.ts';
import { toHelmError } from './helm-errors.ts';
import type { WorkloadOverride } from './overrides.ts';
import { runHelm, type HelmProgram } from './run-helm.ts';
import { withWorkFolder } from './work-folder.ts';

const RENDER_TIMEOUT_MS = 60_000;

/** What `helm template` is told: the same request gives the same objects, on every machine. */
export interface RenderRequest {
  readonly program: HelmProgram;
  readonly files: readonly PackageFile[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly releaseName: string;
  readonly namespace: string;
  /** Without asking a server: what charts see as the cluster's version. */
  readonly kubeVersion: string;
  readonly apiVersions?: readonly string[];
  readonly overrides?: readonly WorkloadOverride[];
  readonly signal: AbortSignal;
}

/**
 * The objects that a chart makes of values: CRDs, hooks and all. Runs `helm template`, which talks
 * to no server and has no effect.
 *
 * @throws invalid-input `CHART_RENDER`, `CONF_INVALID`, `KUBERNETES_VERSION`; cancelled.
 */
export async function renderChart(request: RenderRequest): Promise<readonly KubeObject[]> {
  // A cluster is parsed when it is asked for and again when its job begins: the same to the byte.
  const key = hashRequest(request);
  const known = rendered.get(key);
  if (known !== undefined) return structuredClone(known);
  const objects = await render(request);
  if (rendered.size >= KEPT_RENDERS) rendered.clear();
  rendered.set(key, objects);
  return structuredClone(objects);
}

const KEPT_RENDERS = 32;
const rendered = new Map<string, readonly KubeObject[]>();

function hashRequest({ program, files, signal: _signal, ...told }: RenderRequest): string {
  const hash = createHash('sha256').update(canonicalJson({ ...told, helm: program.version }));
  for (const { path, content } of files)
    hash.update(`${path.length}:${path}${content.byteLength}:`).update(content);
  return hash.digest('hex');
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
        ...(overrides.length === 0 ? [] : await folder.writePostRenderer(program, overrides)),
      ],
      env: folder.env,
      cwd: folder.path,
      signal: request.signal,
      timeoutMs: RENDER_TIMEOUT_MS,
    });
    if (result.exitCode !== 0)
      throw toHelmError('template', hideFolder(result.stderr, folder.path), (text) => text);
    return parseManifest(result.stdout);
  });
}

/** Where the chart lay for a moment says nothing to anybody. */
export function hideFolder(text: string, path: string): string {
  return text.replaceAll(`${path}/chart/`, '').replaceAll(`${path}/`, '');
}
