export { adjustRoles } from './role-adjustments.ts';
export { joinLeaving, mergeWanted, newCluster, withoutLeaving, type Leaving } from './wanted-cluster.ts';
