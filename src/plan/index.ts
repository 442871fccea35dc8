export { canonicalJson, compareText } from '../domain/index.ts';
export { createClaim } from './claims.ts';
export { flattenPlan, listLayers } from './flatten-plan.ts';
export {
  createPlanBasis,
  createPlanDocument,
  type Digest,
  type PlanBasis,
  type PlanDocument,
} from './plan-document.ts';
export { renderPlan } from './render-plan.ts';
export {
  advanceJob,
  decideMove,
  NEW_JOB,
  type JobEvent,
  type JobMove,
  type JobRules,
} from './job-machine.ts';
export { SLICE_TASKS, sliceStep, type StepSlices } from './slice-step.ts';
export {
  createLanes,
  createLayer,
  createLayersByOrder,
  createPlan,
  listTasks,
  type OrderedTask,
} from './steps.ts';
export { findNodeRole, selectServiceNodes, sortNodes } from './node-order.ts';
export { checkJobOptions } from './check-job-options.ts';
export { clusterNotWhole, listOwed, refuseUnmade, type OwedTask } from './owed.ts';
export { mergeConf } from './merge-conf.ts';
