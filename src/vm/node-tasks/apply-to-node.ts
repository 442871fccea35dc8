import { INSTANCE_KIND, type EffectCall, type NodeTaskContext } from '../../provider/index.ts';

/**
 * Changes something on a node under the lease of its instance: a worker that has lost the lease (e.g. a
 * frozen one that continues after the cluster was stopped) changes nothing.
 *
 * @throws conflict `LEASE_LOST`, before the effect.
 */
export async function applyToNode<Result>(
  context: NodeTaskContext,
  call: EffectCall,
  effect: () => Promise<Result>,
): Promise<Result> {
  const token = context.resources[INSTANCE_KIND]?.token;
  // A node is not an API of the cloud: no budget is taken.
  return token === undefined ? effect() : call.effect(token, effect, { requests: 0 });
}
