import type { ConformanceCloud, Disturbance, Fault, FaultProxy } from '../../src/conformance/index.ts';

const FAULT_OF: Readonly<Record<Disturbance, Fault>> = {
  throttled: 'throttle',
  failed: 'fail',
  broken: 'drop',
};

/** What the cloud of a harness can do to an API by the proxy before it. */
export function disturbBy(
  proxy: FaultProxy,
): Required<Pick<ConformanceCloud, 'countRequests' | 'holdAnswers' | 'disturb'>> {
  return {
    countRequests: async () => proxy.log().length,
    async holdAnswers() {
      const release = proxy.hold();
      return async () => release();
    },
    async disturb(disturbance) {
      const rule = proxy.addRule({ fault: FAULT_OF[disturbance], count: Number.POSITIVE_INFINITY });
      return async () => rule.remove();
    },
  };
}
