import { WindlassError } from '../../src/domain/index.ts';
import type { Provider } from '../../src/provider/index.ts';
import { nodeAccessOf } from '../../src/provider-utils/index.ts';
import { createVmProvider, type VmProviderOptions } from '../../src/vm/index.ts';
import { MACHINE_CLOUD_METHODS, type MachineCloudAnswer } from './machine-cloud.ts';
import type { MemoryApi } from './memory-cloud.ts';
import { createMemoryHandler, createMemoryLookUp } from './memory-handler.ts';
import { createMemoryEnvironment, MEMORY_FEATURES } from './memory-harness.ts';

/**
 * The provider of the machine cloud, for a worker that names this file in `WINDLASS_PROVIDERS`.
 * `WINDLASS_TEST_MACHINE_CLOUD` is the cloud's url, `WINDLASS_TEST_MACHINE_USER` who logs in. The setting
 * `frontgate=on` says that a runtime's nodes are reached through one.
 */
export default function createProvider({ nodes }: Pick<VmProviderOptions, 'nodes'>): Provider {
  const cloud = createClient(process.env['WINDLASS_TEST_MACHINE_CLOUD'] ?? '');
  return createVmProvider({
    name: 'machines',
    features: MEMORY_FEATURES,
    handler: createMemoryHandler(cloud, createMemoryLookUp(cloud), {
      user: process.env['WINDLASS_TEST_MACHINE_USER'] ?? 'root',
    }),
    environment: createMemoryEnvironment(cloud, () => 1_000),
    nodes,
    nodeAccess: nodeAccessOf,
  });
}

function createClient(url: string): MemoryApi {
  const call =
    (method: string) =>
    async (...values: readonly unknown[]): Promise<unknown> => {
      const response = await fetch(`${url}/${method}`, { method: 'POST', body: JSON.stringify(values) });
      const answer = (await response.json()) as MachineCloudAnswer;
      if ('error' in answer) throw WindlassError.fromInfo(answer.error);
      return answer.result;
    };
  return Object.fromEntries(
    MACHINE_CLOUD_METHODS.map((method) => [method, call(method)]),
  ) as unknown as MemoryApi;
}
