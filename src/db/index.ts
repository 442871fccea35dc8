export { openStores, type OpenStoresOptions } from './open-stores.ts';
export type {
  MetadataVersion,
  AppStore,
  CallBudgetStore,
  ClaimRequest,
  ClusterStore,
  HydratedTask,
  JobStore,
  LayerCount,
  Lease,
  LedgerStore,
  RuntimeStore,
  SecretRow,
  SecretStore,
  StoredSecret,
  Stores,
  TaskChanges,
  TaskEnd,
  TaskStore,
  WantedChange,
  WorkerReport,
} from './stores.ts';
export type { StoredChange } from './stored-change.ts';
