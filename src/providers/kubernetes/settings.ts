import { CALLS_PER_SECOND, WindlassError, type ProviderSettings, type Runtime } from '../../domain/index.ts';

/** What `runtime create --set key=value` may say for this provider. */
export interface KubernetesSettings {
  /** What charts are told when they are rendered without asking the server. */
  readonly kubeVersion: string;
  /** How long a pod may be stuck (its image cannot be pulled, it crashes, no node has room) before the job gives up. */
  readonly patienceMs: number;
  /** How long a wait may last in all, in seconds. */
  readonly waitSeconds: number;
  /** How long helm may run for one change, hooks included. */
  readonly helmTimeoutMs: number;
}

const DEFAULT_KUBE_VERSION = '1.37.0';
const DEFAULT_PATIENCE_SECONDS = 120;
const DEFAULT_WAIT_SECONDS = 1_800;
// Below the ten minutes that one try of an effect may take.
const DEFAULT_HELM_SECONDS = 540;

/** Which settings there are; none decides where a credential is sent: a kubeconfig says that itself. */
export const KUBERNETES_SETTINGS: ProviderSettings = {
  bound: [],
  free: ['kubeVersion', 'patienceSeconds', 'waitSeconds', 'helmSeconds', CALLS_PER_SECOND],
};
const KNOWN = [...KUBERNETES_SETTINGS.bound, ...KUBERNETES_SETTINGS.free];

/** @throws invalid-input `KUBERNETES_SETTING` for a setting that is unknown or out of range. */
export function readSettings(settings: Runtime['settings']): KubernetesSettings {
  const unknown = Object.keys(settings).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw wrongSetting(unknown, 'is no setting of this provider');
  const kubeVersion = settings['kubeVersion'] ?? DEFAULT_KUBE_VERSION;
  if (!/^v?\d+\.\d+(\.\d+)?$/.test(kubeVersion)) {
    throw wrongSetting('kubeVersion', 'must be a version such as 1.37.0');
  }
  return {
    kubeVersion,
    patienceMs: readSeconds(settings, 'patienceSeconds', DEFAULT_PATIENCE_SECONDS, 86_400) * 1000,
    waitSeconds: readSeconds(settings, 'waitSeconds', DEFAULT_WAIT_SECONDS, 86_400),
    helmTimeoutMs: readSeconds(settings, 'helmSeconds', DEFAULT_HELM_SECONDS, DEFAULT_HELM_SECONDS) * 1000,
  };
}

function readSeconds(settings: Runtime['settings'], key: string, fallback: number, highest: number): number {
  const text = settings[key];
  if (text === undefined) return fallback;
  const seconds = Number(text);
  if (/^\d{1,6}$/.test(text) && seconds >= 1 && seconds <= highest) return seconds;
  throw wrongSetting(key, `must be a whole number of seconds from 1 to ${highest}`);
}

function wrongSetting(key: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `${key} ${why}`, {
    code: 'KUBERNETES_SETTING',
    field: `settings.${key}`,
    hint: `settings of a Kubernetes runtime: ${KNOWN.join(', ')}`,
  });
}
