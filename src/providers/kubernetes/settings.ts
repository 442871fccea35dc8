import { CALLS_PER_SECOND, type ProviderSettings, type Runtime } from '../../domain/index.ts';
import { createSettingsReader } from '../../provider-utils/index.ts';

/** The settings of this provider for `runtime create --set key=value`. */
export interface KubernetesSettings {
  /** The Kubernetes version that charts see when they are rendered without asking the server. */
  readonly kubeVersion: string;
  /** How long a pod may be stuck (its image cannot be pulled, it crashes, no node has room) before the job fails. */
  readonly patienceMs: number;
  /** The longest time that a wait may take, in seconds. */
  readonly waitSeconds: number;
  /** How long helm may run for one change, hooks included. */
  readonly helmTimeoutMs: number;
}

const DEFAULT_KUBE_VERSION = '1.37.0';
const DEFAULT_PATIENCE_SECONDS = 120;
const DEFAULT_WAIT_SECONDS = 1_800;
const A_DAY = 86_400;
// Below the ten minutes that one attempt of an effect may take.
const DEFAULT_HELM_SECONDS = 540;

/** The settings that exist; none decides where a credential is sent: only the kubeconfig does. */
export const KUBERNETES_SETTINGS: ProviderSettings = {
  bound: [],
  free: ['kubeVersion', 'patienceSeconds', 'waitSeconds', 'helmSeconds', CALLS_PER_SECOND],
};

/** @throws invalid-input `RUNTIME_SETTINGS`, with every setting that is wrong in `details`. */
export function readSettings(settings: Runtime['settings']): KubernetesSettings {
  const reader = createSettingsReader(settings, {
    provider: 'kubernetes',
    known: KUBERNETES_SETTINGS,
    page: 'docs/kubernetes.md',
  });
  const version = reader.text('kubeVersion', /^v?\d+\.\d+(\.\d+)?$/, 'a version such as 1.37.0');
  const patience = reader.number('patienceSeconds', 1, A_DAY) ?? DEFAULT_PATIENCE_SECONDS;
  const wait = reader.number('waitSeconds', 1, A_DAY) ?? DEFAULT_WAIT_SECONDS;
  const helm = reader.number('helmSeconds', 1, DEFAULT_HELM_SECONDS) ?? DEFAULT_HELM_SECONDS;
  reader.throwFaults();
  return {
    kubeVersion: version ?? DEFAULT_KUBE_VERSION,
    patienceMs: patience * 1000,
    waitSeconds: wait,
    helmTimeoutMs: helm * 1000,
  };
}
