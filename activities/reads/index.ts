import type { Reads } from '../../src/domain/index.ts';
import type { Redactor } from '../../src/observability/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createHydrator } from '../hydrate.ts';
import { toApplicationFailure, toWindlassError } from '../to-application-failure.ts';
import { createAppReads } from './apps.ts';
import { createClusterReads } from './clusters.ts';
import { createJobReads } from './jobs.ts';
import { createMetadataReads } from './metadata.ts';
import { createRuntimeReads } from './runtimes.ts';

/** What clients ask: short, repeatable, without an effect in a cloud. */
export function createReads(dependencies: ActivityDependencies): Reads {
  const hydrator = createHydrator(dependencies);
  const reads: Reads = {
    getSealingKey: async () => dependencies.keyring.sealingKey(),
    describeWorker: async () => ({
      version: dependencies.version,
      providers: dependencies.providers.list().map((provider) => provider.name),
    }),
    ...createRuntimeReads(dependencies, hydrator),
    ...createAppReads(dependencies, hydrator),
    ...createClusterReads(dependencies, hydrator),
    ...createMetadataReads(dependencies),
    ...createJobReads(dependencies),
  };
  return Object.fromEntries(
    Object.entries(reads).map(([name, read]) => [
      name,
      mapErrors(read as (input: never) => Promise<unknown>, dependencies.redactor),
    ]),
  ) as unknown as Reads;
}

/** A client waits for the answer: what cannot be had now is said at once, not retried for ever. */
function mapErrors(
  read: (input: never) => Promise<unknown>,
  redactor: Redactor,
): (input: never) => Promise<unknown> {
  return async (input) => {
    try {
      return await read(input);
    } catch (error) {
      throw toApplicationFailure(toWindlassError(error, redactor), Number.POSITIVE_INFINITY);
    }
  };
}
