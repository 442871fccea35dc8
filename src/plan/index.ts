export { canonicalJson, compareText } from '../domain/index.ts';
export { createClaim } from './claims.ts';
export { createLayer, createLayersByOrder, createPlan, type OrderedTask } from './layers.ts';
export { findNodeRole, selectServiceNodes, sortNodes } from './node-order.ts';
export { checkJobOptions } from './check-job-options.ts';
export { clusterNotWhole, listOwed, refuseUnmade, type OwedTask } from './owed.ts';
export { putConf } from './put-conf.ts';
export { joinLeaving, mergeWanted, withoutLeaving, type Leaving } from './wanted-cluster.ts';
