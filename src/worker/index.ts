export { startWorker, type RunningWorker } from './start-worker.ts';
export { VERSION } from './version.ts';
export { openWorkflowBundle, writeWorkflowBundle } from './workflow-bundle.ts';
export type { WorkerOverrides } from './worker-overrides.ts';
