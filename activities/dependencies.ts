import type { ChartCredential } from '../src/chart-package/index.ts';
import type { Stores } from '../src/db/index.ts';
import type { Redactor } from '../src/observability/index.ts';
import type { ProviderRegistry } from '../src/provider/index.ts';
import type { Keyring } from '../src/secrets/index.ts';
import type { ChartReference } from '../src/domain/index.ts';
import type { CallBudgets } from './call-budget.ts';
import type { FaultPoint } from './fault-point.ts';

export interface ActivityLogger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Everything that the activities need; the worker builds it. */
export interface ActivityDependencies {
  readonly stores: Stores;
  readonly providers: ProviderRegistry;
  readonly keyring: Keyring;
  readonly log: ActivityLogger;
  /**
   * Knows every secret that this worker has decrypted, and removes it from everything that leaves an
   * activity.
   */
  readonly redactor: Redactor;
  /** Identifies this worker process; part of every lease's holder. */
  readonly identity: string;
  readonly heartbeatSeconds: number;
  readonly leaseSeconds: number;
  /** Version of windlass, for describeWorker. */
  readonly version: string;
  readonly faultPoint: FaultPoint;
  readonly callBudgets: CallBudgets;
  /** Hosts that a runtime's url may name with plain http, besides this machine. */
  readonly plainHttpHosts: readonly string[];
  /** Fetches the archive of a chart with helm; the credential is the reference's, decrypted. */
  readonly pullChart: (
    reference: ChartReference,
    credential: ChartCredential | null,
    signal: AbortSignal,
  ) => Promise<Uint8Array>;
}
