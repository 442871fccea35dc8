export { EXEC_COMMANDS } from './api/exec-forms.ts';
export { createChartPuller, type PullChart } from './helm/pull-chart.ts';
export {
  createKubernetesProvider,
  KUBERNETES_CAPABILITIES,
  type KubernetesProviderOptions,
} from './create-kubernetes-provider.ts';
export { sweepWorkFolders } from './helm/work-folder.ts';
