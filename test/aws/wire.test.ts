import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../../src/conformance/index.ts';
import type { Bench } from '../../src/conformance/bench.ts';
import type { TaskAction } from '../../src/domain/index.ts';
import { createAwsHarness, type AwsHarness } from '../conformance/aws-harness.ts';
import { classifyAwsRequest, isAwsRead } from '../kit/moto/index.ts';
import { openAwsBench, validate } from './provider-kit.ts';

const START_LIMIT_MS = 120_000;

const toError = (code: string): string =>
  `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>so it is</Message></Error></Errors><RequestID>r</RequestID></Response>`;

describe('a request of aws, on a bad day', () => {
  let harness: AwsHarness;
  let proxy: FaultProxy;
  let throttled = 'RequestLimitExceeded';

  beforeAll(async () => {
    const direct = await createAwsHarness();
    proxy = await startFaultProxy({
      upstream: { url: direct.moto.url },
      classify: classifyAwsRequest,
      isRead: isAwsRead,
      throttledAnswer: () => ({
        status: 503,
        headers: { 'content-type': 'text/xml' },
        body: toError(throttled),
      }),
    });
    harness = { ...direct, runtime: { ...direct.runtime, url: proxy.url } };
  }, START_LIMIT_MS);
  afterAll(async () => {
    await proxy.close();
    await harness.dispose();
  });
  beforeEach(() => {
    proxy.clearRules();
    proxy.clearLog();
    throttled = 'RequestLimitExceeded';
  });

  const sent = (operation: string): number =>
    proxy.log().filter((entry) => entry.operation === operation).length;
  const countOwn = async (bench: Bench): Promise<number> => (await bench.list()).length;
  const run = async (bench: Bench, ...actions: readonly TaskAction[]): Promise<void> => {
    for (const action of actions) await bench.engine.run(bench.task(action));
  };

  it('is sent once: the SDK does not retry in addition to the engine', async () => {
    proxy.addRule({ operation: 'DescribeAvailabilityZones', fault: 'throttle' });
    await expect(validate(harness)).rejects.toMatchObject({ kind: 'throttled', code: 'AWS_THROTTLED' });
    expect(sent('DescribeAvailabilityZones')).toBe(1);
    proxy.addRule({ operation: 'DescribeAvailabilityZones', fault: 'refuse' });
    await expect(validate(harness)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(sent('DescribeAvailabilityZones')).toBe(2);
  });

  it.each(['ExpiredToken', 'RequestExpired'])(
    'ends with permission when the session is over: %s',
    async (code) => {
      throttled = code;
      proxy.addRule({ operation: 'GetCallerIdentity', fault: 'throttle' });
      await expect(validate(harness)).rejects.toMatchObject({
        kind: 'permission',
        code: 'AWS_SESSION_EXPIRED',
        field: 'credential',
      });
    },
  );

  it.each(['drop', 'cut', 'double', 'throttle', 'refuse', 'fail'] as const)(
    'makes one instance and one of each volume when the answer meets %s',
    async (fault) => {
      const bench = await openAwsBench(harness);
      proxy.addRule({ operation: 'CreateVolume', fault });
      proxy.addRule({ operation: 'RunInstances', fault });
      await run(bench, 'CreateVolumes', 'RunInstances');
      expect(await countOwn(bench)).toBe(3);
      await bench.deleteAll();
    },
  );

  it.each(['drop', 'double', 'stale'] as const)(
    'goes through stop, detach, start and delete when each meets %s once',
    async (fault) => {
      const bench = await openAwsBench(harness);
      await run(bench, 'CreateVolumes', 'RunInstances', 'AttachVolumes');
      proxy.addRule({ fault, count: 3, nth: 2 });
      await run(bench, 'StopInstances', 'DetachVolumes', 'AttachVolumes', 'StartInstances');
      proxy.clearRules();
      proxy.addRule({ fault, count: 3, nth: 3 });
      await bench.deleteAll();
    },
  );
});
