export { openStores, type OpenStoresOptions } from './open-stores.ts';
export type {
  TaskWithContext,
  JobStart,
  JobStore,
  LayerCount,
  TaskChanges,
  TaskEnd,
  TaskStore,
  WantedChange,
} from './job-stores.ts';
export type {
  MetadataVersion,
  AppStore,
  CallBudgetStore,
  ClusterStore,
  LedgerStore,
  RuntimeStore,
  SecretRow,
  SecretStore,
  Stores,
  WorkerReport,
} from './stores.ts';
export type { StoredSecret } from './stored-secret.ts';
export type { StoredChange } from './stored-change.ts';
