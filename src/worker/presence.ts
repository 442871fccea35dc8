import type { ActivityLogger } from '../../activities/index.ts';
import type { Stores, WorkerReport } from '../db/index.ts';
import { CALLS_PER_SECOND } from '../domain/index.ts';
import type { Provider } from '../provider/index.ts';

/** A worker that says what it has. */
export interface Presence {
  /** Resolves once the others no longer count on this worker. */
  stop(): Promise<void>;
}

/** Less than a third of the time for which a worker that went silent counts as there. */
const REPORT_MS = 9_000;

/**
 * Writes to the database which providers this worker has, before it resolves and then steadily: by
 * that a job, or a request, knows whether some worker can go on with it.
 *
 * @throws unavailable `DATABASE_UNAVAILABLE` where the first report fails.
 */
export async function announceWorker(
  stores: Pick<Stores, 'workers'>,
  identity: string,
  providers: readonly Provider[],
  log: ActivityLogger,
): Promise<Presence> {
  const report: WorkerReport = {
    identity,
    providers: Object.fromEntries(providers.map((provider) => [provider.name, listSettings(provider)])),
  };
  await stores.workers.report(report);
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    last = stores.workers
      .report(report)
      .catch((error: unknown) => log.warn('this worker could not say what it has', { error }));
  }, REPORT_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await last;
      // Where the database is away, its row grows old.
      await stores.workers.leave(identity).catch(() => {});
    },
  };
}

/** Null where the provider does not say. */
function listSettings({ settings }: Provider): readonly string[] | null {
  if (settings === undefined) return null;
  return [...new Set([...settings.bound, ...settings.free, CALLS_PER_SECOND])];
}
