import {
  startFaultProxy,
  sweepFaults,
  type SweepLane,
  type SweepOptions,
  type SweepOutcome,
} from '../../src/conformance/index.ts';
import { createAwsHarness } from '../conformance/aws-harness.ts';
import { classifyAwsRequest, isAwsRead, throttleAwsRequest, type Moto } from '../kit/moto/index.ts';

/**
 * Every request of the aws provider's operations × every fault, between it and one moto that all lanes
 * share; leaks and duplicates are counted in moto.
 */
export async function sweepAws(
  options: Pick<SweepOptions, 'choose' | 'report'> & { readonly lanes: number },
): Promise<SweepOutcome> {
  const harness = await createAwsHarness();
  const proxies = await Promise.all(
    Array.from({ length: options.lanes }, () =>
      startFaultProxy({
        upstream: { url: harness.moto.url },
        classify: classifyAwsRequest,
        isRead: isAwsRead,
        throttledAnswer: throttleAwsRequest,
      }),
    ),
  );
  const lanes = proxies.map((proxy): SweepLane => ({
    proxy,
    harness: { ...harness, runtime: { ...harness.runtime, url: proxy.url } },
  }));
  try {
    return await sweepFaults({
      ...options,
      lanes,
      countMade: (clusterId) => countMade(harness.moto, clusterId),
    });
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await harness.dispose();
  }
}

async function countMade(moto: Moto, clusterId: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { tags } of await moto.made()) {
    const token = tags['windlass:token'] ?? '';
    if (token.startsWith(`${clusterId}/`)) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}
