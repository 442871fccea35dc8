import { Context } from '@temporalio/activity';
import { CALLS_PER_SECOND, type Reads } from '../../src/domain/index.ts';
import type { Redactor } from '../../src/observability/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createHydrator } from '../hydrate.ts';
import { checkAnswer } from '../check-answer.ts';
import { toWindlassError } from '../report-error.ts';
import { toApplicationFailure } from '../to-application-failure.ts';
import { beat } from '../tries.ts';
import { createAppReads } from './apps.ts';
import { createClusterReads } from './clusters.ts';
import { createJobReads } from './jobs.ts';
import { createMetadataReads } from './metadata.ts';
import { createRuntimeReads } from './runtimes.ts';

/** Clients wait several times as long for a sign of life. */
const HEARTBEAT_MS = 2_000;

/** What clients ask: short, repeatable, without an effect in a cloud. */
export function createReads(dependencies: ActivityDependencies): Reads {
  const hydrator = createHydrator(dependencies);
  const reads: Reads = {
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
    ...createRuntimeReads(dependencies, hydrator),
    ...createAppReads(dependencies, hydrator),
    ...createClusterReads(dependencies, hydrator),
    ...createMetadataReads(dependencies),
    ...createJobReads(dependencies),
  };
  return Object.fromEntries(
    Object.entries(reads).map(([name, read]) => [
      name,
      guardRead(read as (input: never) => Promise<unknown>, dependencies.redactor),
    ]),
  ) as unknown as Reads;
}

/**
 * A client waits for the answer: what cannot be had now is said at once, not retried for ever; and
 * that somebody is at work is said steadily, so that a request which got lost is noticed soon.
 */
function guardRead(
  read: (input: never) => Promise<unknown>,
  redactor: Redactor,
): (input: never) => Promise<unknown> {
  return async (input) => {
    const context = Context.current();
    const beatNow = (): void => beat(context, {});
    beatNow();
    const timer = setInterval(beatNow, HEARTBEAT_MS);
    try {
      return await redactor.during(async () => {
        try {
          return checkAnswer(await read(input));
        } catch (error) {
          throw toApplicationFailure(toWindlassError(error, redactor), Number.POSITIVE_INFINITY);
        }
      });
    } finally {
      clearInterval(timer);
    }
  };
}
