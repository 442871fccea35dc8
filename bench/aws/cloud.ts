import { EC2Client } from '@aws-sdk/client-ec2';
import { createNetwork, findImage, startMoto, type Moto } from '../../test/kit/moto/index.ts';

export const REGION = 'us-east-1';
export const ZONE = `${REGION}a`;
export const KEY = { accessKeyId: 'AKIABENCHBENCHBENCH0', secretAccessKey: 'bench' };
export const INSTANCE_TYPE = 't3.micro';
export const VOLUME_GIB = 10;

/** An EC2 of its own for one measurement, as slow from state to state for everybody. */
export interface BenchCloud {
  readonly moto: Moto;
  readonly ec2: EC2Client;
  readonly imageId: string;
  readonly subnetId: string;
  /** What came since it was furnished, or since requests were forgotten, by operation. */
  countCalls(): Promise<Readonly<Record<string, number>>>;
  /** @throws Error unless it holds so many running instances, each with a volume of its own. */
  assertMade(count: number): Promise<void>;
  close(): Promise<void>;
}

/** `runSeconds`: how long an instance takes until it runs. */
export async function openCloud(runSeconds: number): Promise<BenchCloud> {
  const moto = await startMoto({ pendingMs: runSeconds * 1_000, creatingMs: 1_000, attachingMs: 1_000 });
  // A copy: the SDK writes into what it is given.
  const ec2 = new EC2Client({ endpoint: moto.url, region: REGION, credentials: { ...KEY } });
  const network = await createNetwork(ec2, [ZONE]);
  const imageId = await findImage(ec2);
  await moto.forgetRequests();
  return {
    moto,
    ec2,
    imageId,
    subnetId: network.subnets[0]?.subnetId ?? '',
    async countCalls() {
      const byOperation = Map.groupBy(await moto.requests(), ({ operation }) => operation);
      return Object.fromEntries(
        [...byOperation].map(([operation, requests]) => [operation, requests.length]),
      );
    },
    async assertMade(count) {
      const { instances, volumes } = await moto.resources();
      const running = instances.filter(({ state }) => state === 'running').length;
      const attached = volumes.filter(({ root, attachmentState }) => !root && attachmentState === 'attached');
      if (running !== count || attached.length !== count)
        throw new Error(`${running} instances and ${attached.length} volumes of ${count}`);
    },
    async close() {
      ec2.destroy();
      await moto.close();
    },
  };
}
