import type { Credential, Runtime } from '../../src/domain/index.ts';
import { openBench, type Bench } from '../../src/conformance/bench.ts';
import type { AwsHarness } from '../conformance/aws-harness.ts';
import { createTestCall } from '../kit/test-calls.ts';

/** A cluster of its own before the harness's EC2, with an engine that works on it. */
export function openAwsBench(harness: AwsHarness): Promise<Bench> {
  return openBench({ harness });
}

/** Asks whether a runtime with these settings is usable. */
export function validate(
  harness: AwsHarness,
  change: {
    readonly settings?: Readonly<Record<string, string>>;
    readonly credential?: Credential;
    readonly zone?: string;
    readonly url?: string;
  } = {},
): Promise<{ readonly account: string; readonly region: string }> {
  const { runtime, credential, provider } = harness;
  return provider.validateCredential(
    {
      url: change.url ?? runtime.url,
      zone: change.zone ?? runtime.zone,
      credential: change.credential ?? credential,
      settings: { ...runtime.settings, ...change.settings },
    },
    createTestCall(),
  );
}

/** Asks whether there is room for the bench's cluster in a runtime with these settings. */
export function check(
  harness: AwsHarness,
  bench: Bench,
  change: {
    readonly settings?: Runtime['settings'];
    readonly subnetId?: string;
    readonly reservedCpu?: number;
  } = {},
): Promise<void> {
  const wrapper = bench.engine.cluster();
  const { runtime, credential, provider } = harness;
  return provider.checkResource(
    {
      action: 'create',
      loadPackage: async () => harness.content,
      runtime: { ...runtime, settings: { ...runtime.settings, ...change.settings } },
      credential,
      cluster: {
        ...wrapper,
        cluster: {
          ...wrapper.cluster,
          ...(change.subnetId === undefined ? {} : { subnetId: change.subnetId }),
        },
      },
      reserved: {
        instances: 0,
        cpu: change.reservedCpu ?? 0,
        memoryMiB: 0,
        gpu: 0,
        volumes: 0,
        volumeGiB: 0,
      },
    },
    createTestCall(),
  );
}
