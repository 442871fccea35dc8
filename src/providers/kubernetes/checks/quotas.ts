import type { Reserved } from '../../../domain/index.ts';
import { findShortage } from '../../../provider-utils/index.ts';
import { QUOTAS, resourcePath } from '../api/api-resources.ts';
import type { KubeClient } from '../api/kube-client.ts';
import { quotaError } from '../api/kube-errors.ts';
import type { KubeList, KubeObject, PodSpec } from '../api/kube-types.ts';
import { nameOf } from '../manifest.ts';
import { isForbidden } from '../observe/explain.ts';
import { parseQuantity } from '../quantity.ts';

/** Amounts by the name of the thing that a quota counts. */
export type Amounts = Readonly<Record<string, number>>;

interface Quota extends KubeObject {
  readonly spec?: { readonly scopes?: readonly string[]; readonly scopeSelector?: object };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

/**
 * Whether the namespace's quotas have room for the request, beside what is used and what running jobs have
 * reserved. A quota with scopes is left to the server, which knows what falls under it.
 *
 * @throws quota `KUBERNETES_QUOTA`, naming the quota and the numbers.
 */
export async function checkQuotas(
  client: KubeClient,
  namespace: string,
  asked: Amounts,
  reserved: Reserved,
): Promise<void> {
  const promised: Amounts = {
    pods: reserved.instances,
    'requests.cpu': reserved.cpu,
    'requests.memory': reserved.memoryMiB * 2 ** 20,
    persistentvolumeclaims: reserved.volumes,
    'requests.storage': reserved.volumeGiB * 2 ** 30,
  };
  for (const quota of await listQuotas(client, namespace)) {
    if ((quota.spec?.scopes ?? []).length > 0 || quota.spec?.scopeSelector !== undefined) continue;
    for (const [key, hard] of Object.entries(quota.status?.hard ?? {})) {
      const name = normalize(key);
      const room = {
        limit: parseQuantity(hard),
        used: parseQuantity(quota.status?.used?.[key]),
        reserved: promised[name] ?? 0,
        asked: asked[name] ?? 0,
      };
      const shortage = findShortage(key, room, format);
      if (shortage !== undefined)
        throw quotaError(`quota ${nameOf(quota)} of namespace ${namespace}`, shortage);
    }
  }
}

/** Maps both spellings that Kubernetes knows to one. */
function normalize(key: string): string {
  const name = key.replace(/^count\//, '');
  return name === 'cpu' || name === 'memory' ? `requests.${name}` : name;
}

async function listQuotas(client: KubeClient, namespace: string): Promise<readonly Quota[]> {
  try {
    const list = await client.send<KubeList<Quota>>({
      method: 'GET',
      path: resourcePath(QUOTAS, namespace),
      what: 'list resourcequotas',
    });
    return list.items ?? [];
  } catch (error) {
    // A credential that may not read quotas gets the error later, from the server.
    if (isForbidden(error)) return [];
    throw error;
  }
}

/** What one pod counts for: the sum of its containers, or the init container that asks for most. */
export function amountsOfPod(spec: PodSpec | undefined): Amounts {
  const sum = (section: 'requests' | 'limits', name: string): number => {
    const of = (container: { resources?: { requests?: object; limits?: object } }): number => {
      const amounts = container.resources?.[section] as Readonly<Record<string, string | number>> | undefined;
      return parseQuantity(amounts?.[name]);
    };
    const sidecars = (spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
    const inits = (spec?.initContainers ?? []).filter((container) => container.restartPolicy !== 'Always');
    const running = [...(spec?.containers ?? []), ...sidecars].reduce(
      (total, container) => total + of(container),
      0,
    );
    return Math.max(running, ...inits.map(of));
  };
  return {
    pods: 1,
    'requests.cpu': sum('requests', 'cpu'),
    'requests.memory': sum('requests', 'memory'),
    'limits.cpu': sum('limits', 'cpu'),
    'limits.memory': sum('limits', 'memory'),
  };
}

export function addAmounts(left: Amounts, right: Amounts, times = 1): Amounts {
  const added: Record<string, number> = { ...left };
  for (const [key, amount] of Object.entries(right)) added[key] = (added[key] ?? 0) + amount * times;
  return added;
}

function format(amount: number): string {
  return amount >= 2 ** 20 ? `${Math.round(amount / 2 ** 20)}Mi` : String(Math.round(amount * 1000) / 1000);
}
