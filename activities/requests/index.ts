import type { Requests } from '../../src/protocol/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createContextLoader } from '../load-context.ts';
import { createAppRequests } from './apps.ts';
import { createClusterRequests } from './clusters.ts';
import { createJobRequests } from './jobs.ts';
import { createMetadataRequests } from './metadata.ts';
import { createRuntimeRequests } from './runtimes.ts';

/** Requests of clients: short, repeatable, without an effect in a cloud. */
export function createRequests(dependencies: ActivityDependencies): Requests {
  const loader = createContextLoader(dependencies);
  return {
    getSealingKey: async () => dependencies.keyring.sealingKey(),
    describeWorker: async () => {
      const known = await dependencies.stores.workers.listProviders();
      const said = Object.entries(known).filter(([, settings]) => settings !== null);
      return {
        version: dependencies.version,
        providers: Object.keys(known),
        settings: Object.fromEntries(said) as Readonly<Record<string, readonly string[]>>,
      };
    },
    ...createRuntimeRequests(dependencies, loader),
    ...createAppRequests(dependencies, loader),
    ...createClusterRequests(dependencies, loader),
    ...createMetadataRequests(dependencies),
    ...createJobRequests(dependencies),
  };
}
