import type { ActivityLogger } from '../../activities/index.ts';
import type { Stores, WorkerReport } from '../db/index.ts';
import { CALLS_PER_SECOND } from '../domain/index.ts';
import type { Provider } from '../provider/index.ts';

/** A worker that reports which providers it has. */
export interface Presence {
  /** Resolves once other workers no longer count on this one. */
  stop(): Promise<void>;
}

/** Less than a third of the time after which a silent worker no longer counts as present. */
const REPORT_MS = 9_000;

/**
 * Writes to the database which providers this worker has, once before it resolves and then periodically:
 * from this, a job or a request knows whether any worker can continue it.
 *
 * @throws unavailable `DATABASE_UNAVAILABLE` if the first report fails.
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
      .catch((error: unknown) => log.warn('this worker could not report its providers', { error }));
  }, REPORT_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await last;
      // While the database is away, its row grows old.
      await stores.workers.leave(identity).catch(() => {});
    },
  };
}

/** Null if the provider does not say. */
function listSettings({ settings }: Provider): readonly string[] | null {
  if (settings === undefined) return null;
  return [...new Set([...settings.bound, ...settings.free, CALLS_PER_SECOND])];
}
