import { Refusal } from './refusal.ts';
import type { RequestContext } from './request-context.ts';

/** What a new resource takes of each quota. */
export type Demand = Readonly<Record<string, number>>;

export function instanceDemand(of: {
  readonly class: number;
  readonly cpu: number;
  readonly memoryMb: number;
}): Demand {
  const prefix = of.class === 1 ? 'hp_' : '';
  return { [`${prefix}instance`]: 1, [`${prefix}cpu`]: of.cpu, [`${prefix}memory`]: of.memoryMb };
}

export function volumeDemand(of: { readonly type: number; readonly sizeGb: number }): Demand {
  const prefix = { 2: 'hc_', 3: 'hpp_' }[of.type] ?? '';
  return { [`${prefix}volume`]: 1, [`${prefix}volume_size`]: of.sizeGb };
}

/** What is left of a quota; undefined where there is no limit. */
export function quotaLeft(
  { state, settings }: Pick<RequestContext, 'state' | 'settings'>,
  name: string,
): number | undefined {
  const total = settings.quotas[name];
  if (total === undefined) return undefined;
  const counts = ({ status }: { readonly status: string }): boolean =>
    !['terminated', 'deleted', 'ceased'].includes(status);
  const demands = [
    ...state.instances.filter(counts).map(instanceDemand),
    ...state.volumes.filter(counts).map(volumeDemand),
  ];
  return total - demands.reduce((sum, demand) => sum + (demand[name] ?? 0), 0);
}

/** @throws Refusal 2500 */
export function requireQuota(context: RequestContext, demand: Demand, count: number): void {
  for (const [name, each] of Object.entries(demand)) {
    const left = quotaLeft(context, name);
    if (left !== undefined && each * count > left) {
      throw new Refusal(
        2500,
        `QuotaExceeded, quota of [${name}] exceeded: [${each * count}] asked, [${left}] left`,
      );
    }
  }
}
