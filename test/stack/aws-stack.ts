import { EC2Client } from '@aws-sdk/client-ec2';
import { createEc2Machines, type Ec2Machines } from '../kit/ec2-machines.ts';
import {
  ALLOW_ALL,
  createNetwork,
  findImage,
  startMoto,
  type Moto,
  type MotoNetwork,
} from '../kit/moto/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import { createGatedNetwork, type GatedNetwork } from './aws-gated-network.ts';

const REGION = 'us-east-1';
export const AWS_RUNTIME = 'cloud';

/** The whole stack with an EC2 of its own, behind whose instances real machines run. */
export interface AwsStack {
  readonly stack: TestStack;
  readonly worker: TestWorker;
  readonly moto: Moto;
  readonly network: MotoNetwork;
  /** A VPC beside the other whose nodes only a frontgate leads to; where one was asked for. */
  readonly gated: GatedNetwork | null;
  readonly image: string;
  readonly ec2Machines: Ec2Machines;
  readonly credential: { readonly accessKeyId: string; readonly secretAccessKey: string };
  end(): Promise<void>;
}

/**
 * `second` is the second number of the addresses that the nodes get: 127.<second>.0.0/16. `gated`
 * needs network namespaces (canMakeNamespaces).
 */
export async function startAwsStack(
  second: number,
  options: { readonly gated?: boolean } = {},
): Promise<AwsStack> {
  const moto = await startMoto({
    pendingMs: 300,
    stoppingMs: 200,
    creatingMs: 200,
    attachingMs: 200,
    visibleAfterMs: 100,
  });
  const credential = await moto.createUser('windlass', ALLOW_ALL);
  const config = { endpoint: moto.url, region: REGION, credentials: { ...credential } };
  const ec2 = new EC2Client(config);
  const network = await createNetwork(ec2, [`${REGION}a`, `${REGION}b`], second);
  const image = await findImage(ec2);
  ec2.destroy();
  const gated = options.gated === true ? await createGatedNetwork(config, `${REGION}a`, second) : null;
  await moto.change({ authentication: true });
  const ec2Machines = await createEc2Machines(moto, gated === null ? {} : { namespaceOf: gated.namespaceOf });
  const stack = await startStack();
  const worker = await stack.startWorker();
  return {
    stack,
    worker,
    moto,
    network,
    gated,
    image,
    ec2Machines,
    credential,
    async end() {
      await stack.stop();
      await ec2Machines.end();
      gated?.close();
      await moto.close();
    },
  };
}

/** The runtime `cloud`, in the first zone. */
export async function createAwsRuntime(
  { stack, moto, network, image, credential }: AwsStack,
  change: { readonly name?: string; readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const [subnet] = network.subnets;
  await stack.client.runtimes.create({
    name: change.name ?? AWS_RUNTIME,
    provider: 'aws',
    url: moto.url,
    zone: `${REGION}a`,
    credential: JSON.stringify(credential),
    settings: { subnet: subnet?.subnetId ?? '', image, ...change.settings },
  });
}

/** What EC2 has, whatever a database says; without what is being deleted. */
export async function countEc2(moto: Moto): Promise<Readonly<Record<string, number>>> {
  const { instances, volumes } = await moto.resources();
  const living = instances.filter(({ state }) => state !== 'terminated');
  return {
    instances: living.length,
    running: living.filter(({ state }) => state === 'running').length,
    volumes: volumes.filter(({ root }) => !root).length,
    attached: volumes.filter(({ root, state }) => !root && state === 'in-use').length,
  };
}
