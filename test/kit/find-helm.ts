import { findCacheFolder } from '../../src/config/index.ts';
import { findHelm, type Helm } from '../../src/tools/index.ts';
import { buildGoTool, NO_GO } from './go-tools.ts';

/** The newest of the third line when this was written. */
const HELM_3 = '3.22.0';
/** Other stamps of its releases: the Kubernetes version that it was built for. */
const HELM_3_KUBERNETES = { major: '1', minor: '37' };

/**
 * The helm that tests use: the one that WINDLASS_HELM names, if it is set, otherwise the one that a worker
 * would find.
 */
export function findTestHelm(report: (line: string) => void = () => {}): Promise<Helm> {
  const { env } = process;
  return findHelm({ named: env['WINDLASS_HELM'] ?? null, cache: findCacheFolder(env), env, report });
}

/**
 * The file of a helm 3, built from its pinned module, which takes some minutes, once.
 * @throws if there is no Go; the errors of the build
 */
export async function buildHelm3(): Promise<string> {
  const helm = 'helm.sh/helm/v3';
  const { major, minor } = HELM_3_KUBERNETES;
  const values = [
    `${helm}/internal/version.version=v${HELM_3}`,
    ...[`${helm}/pkg/lint/rules`, `${helm}/pkg/chartutil`].flatMap((where) => [
      `${where}.k8sVersionMajor=${major}`,
      `${where}.k8sVersionMinor=${minor}`,
    ]),
  ];
  const binary = await buildGoTool({
    name: 'helm3',
    ldflags: values.map((value) => `-X ${value}`).join(' '),
  });
  if (binary === null) throw new Error(NO_GO);
  return binary;
}
