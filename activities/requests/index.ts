import { Context } from '@temporalio/activity';
import { CALLS_PER_SECOND } from '../../src/domain/index.ts';
import type { Requests } from '../../src/protocol/index.ts';
import type { Redactor } from '../../src/observability/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createHydrator } from '../hydrate.ts';
import { checkAnswer } from '../check-answer.ts';
import { toWindlassError } from '../report-error.ts';
import { toApplicationFailure } from '../to-application-failure.ts';
import { beat } from '../tries.ts';
import { createAppRequests } from './apps.ts';
import { createClusterRequests } from './clusters.ts';
import { createJobRequests } from './jobs.ts';
import { createMetadataRequests } from './metadata.ts';
import { createRuntimeRequests } from './runtimes.ts';

/** Clients wait several times as long for a sign of life. */
const HEARTBEAT_MS = 2_000;

/** What clients ask: short, repeatable, without an effect in a cloud. */
export function createRequests(dependencies: ActivityDependencies): Requests {
  const hydrator = createHydrator(dependencies);
  const requests: Requests = {
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
  return Object.fromEntries(
    Object.entries(requests).map(([name, read]) => [
      name,
      guardRequest(read as (input: never) => Promise<unknown>, dependencies.redactor),
    ]),
  ) as unknown as Requests;
}

/**
 * A client waits for the answer: what cannot be had now is said at once, not retried for ever; and
 * that somebody is at work is said steadily, so that a request which got lost is noticed soon.
 */
function guardRequest(
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
