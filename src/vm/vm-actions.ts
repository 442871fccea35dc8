import type { JobAction, PlanStep } from '../domain/index.ts';
import type { Capabilities, Features } from '../provider/index.ts';
import { layersOfCreate } from './layers/create.ts';
import { layersOfDelete } from './layers/delete.ts';
import type { PlanScope } from './layers/plan-scope.ts';
import { layersOfStart } from './layers/start.ts';
import { layersOfStop } from './layers/stop.ts';

/** One job action of clusters of virtual machines. */
export interface VmAction {
  readonly layersOf: (scope: PlanScope) => readonly PlanStep[];
  /** What a cloud must have for it, beyond the ten pairs. */
  readonly needs?: readonly (keyof Features)[];
}

export type VmActions = Readonly<Partial<Record<JobAction, VmAction>>>;

/** Every job action that the frame has layers for; an absent one is refused. */
export const VM_ACTIONS: VmActions = {
  create: { layersOf: layersOfCreate },
  stop: { layersOf: layersOfStop },
  start: { layersOf: layersOfStart },
  delete: { layersOf: layersOfDelete },
};

/**
 * The actions that a VM cloud with these features supports: those of the frame, without those that need
 * more.
 */
export function vmCapabilities(features: Features, actions: VmActions = VM_ACTIONS): Capabilities {
  const names = Object.keys(actions) as JobAction[];
  return { ...features, actions: names.filter((name) => hasAll(features, actions[name]?.needs ?? [])) };
}

function hasAll(features: Features, needs: readonly (keyof Features)[]): boolean {
  return needs.every((need) => features[need] !== undefined && features[need] !== false);
}
