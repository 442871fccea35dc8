import type { Instance, InstanceStateName } from '@aws-sdk/client-ec2';
import type { LedgerResource } from '../../../domain/index.ts';
import type { NodeTaskContext } from '../../../provider/index.ts';
import { findInstanceRow } from '../../../provider-utils/index.ts';
import type { AwsCloud, RequestCall } from '../cloud/open-cloud.ts';
import { getResources, getWatchedResources, type Resources } from '../cloud/resources.ts';
import { readTag, TAGS } from '../cloud/tags.ts';

/** Also returns instances that no longer count: EC2 shows a terminated instance for about an hour. */
export function isDead(instance: Instance): boolean {
  return ['shutting-down', 'terminated'].includes(stateOf(instance));
}

export function stateOf(instance: Instance): InstanceStateName | 'unknown' {
  return instance.State?.Name ?? 'unknown';
}

/**
 * The instance of a ledger row: the one that carries its token, a living one before a terminated one;
 * otherwise the one that has its id. Undefined when AWS shows neither, or does not show it yet.
 */
export async function findInstance(
  cloud: AwsCloud,
  call: RequestCall,
  context: NodeTaskContext,
  resources: Resources = getResources(cloud),
): Promise<Instance | undefined> {
  const row = findInstanceRow(context);
  if (row === undefined) return undefined;
  const instances = await listInstances(cloud, call, context, resources);
  const ofToken = instances.filter((instance) => isOfRow(instance, row));
  return ofToken.find((instance) => !isDead(instance)) ?? ofToken.at(-1);
}

/**
 * All instances of the node. An instance that is known by its id and is not among them is read by that id:
 * a list may be stale, and a single read never proves that an instance is gone.
 */
export async function listInstances(
  cloud: AwsCloud,
  call: RequestCall,
  context: NodeTaskContext,
  resources: Resources = getResources(cloud),
): Promise<readonly Instance[]> {
  const instances = (await resources.instancesOfNode(call, context.node.nodeId)) ?? [];
  const id = findInstanceRow(context)?.cloudId ?? '';
  if (id === '' || instances.some(({ InstanceId }) => InstanceId === id)) return instances;
  const known = await resources.instanceById(call, id);
  return known === undefined ? instances : [...instances, known];
}

/** A read for a wait: by id if it is known, because one request may then name a thousand. */
export async function observeInstance(
  cloud: AwsCloud,
  call: RequestCall,
  context: NodeTaskContext,
): Promise<Instance | undefined> {
  const row = findInstanceRow(context);
  const resources = getWatchedResources(cloud);
  if (row === undefined || row.cloudId === '') return findInstance(cloud, call, context, resources);
  return resources.instanceById(call, row.cloudId);
}

/** Whether it is the instance of a ledger row: by its token, or by its id. */
export function isOfRow(instance: Instance, row: LedgerResource): boolean {
  return (
    readTag(instance, TAGS.token) === row.token || (row.cloudId !== '' && instance.InstanceId === row.cloudId)
  );
}
