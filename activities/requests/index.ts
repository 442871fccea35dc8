import { CALLS_PER_SECOND } from '../../src/domain/index.ts';
import type { Requests } from '../../src/protocol/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createHydrator } from '../hydrate.ts';
import { createAppRequests } from './apps.ts';
import { createClusterRequests } from './clusters.ts';
import { createJobRequests } from './jobs.ts';
import { createMetadataRequests } from './metadata.ts';
import { createRuntimeRequests } from './runtimes.ts';

/** What clients ask: short, repeatable, without an effect in a cloud. */
export function createRequests(dependencies: ActivityDependencies): Requests {
  const hydrator = createHydrator(dependencies);
  return {
    getSealingKey: async () => dependencies.keyring.sealingKey(),
    describeWorker: async () => ({
      version: dependencies.version,
      providers: dependencies.providers.list().map((provider) => provider.name),
      settings: Object.fromEntries(
        dependencies.providers
          .list()
          .flatMap(({ name, settings }) =>
            settings === undefined
              ? []
              : [[name, [...new Set([...settings.bound, ...settings.free, CALLS_PER_SECOND])]]],
          ),
      ),
    }),
    ...createRuntimeRequests(dependencies, hydrator),
    ...createAppRequests(dependencies, hydrator),
    ...createClusterRequests(dependencies, hydrator),
    ...createMetadataRequests(dependencies),
    ...createJobRequests(dependencies),
  };
}
