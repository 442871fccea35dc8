export { createVmProvider, type VmEnvironment, type VmProviderOptions } from './create-vm-provider.ts';
export type { CommandDirective, MountDirective, RefreshDirective, ServiceDirective } from './directives.ts';

export { toNodeTarget } from './node-target.ts';
export { planVmJob } from './plan-vm-job.ts';
