export {
  createKubernetesProvider,
  KUBERNETES_CAPABILITIES,
  type KubernetesProviderOptions,
} from './create-kubernetes-provider.ts';
