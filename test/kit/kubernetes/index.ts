export { createApiClient, type ApiClient, type KubernetesObject } from './api-client.ts';
export { startControlPlane, type ControlPlane, type TestUser } from './control-plane.ts';
export { findKubebox, NO_KUBEBOX } from './find-kubebox.ts';
export { useControlPlane } from './use-control-plane.ts';
