import { EC2Client } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { createNetwork, findImage, type Moto, type MotoNetwork } from '../kit/moto/index.ts';

export const REGION = 'us-east-1';
export const ZONES = ['us-east-1a', 'us-east-1b'] as const;

/** Any key is root while moto does not check signatures. */
export const ANY_KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'any' };

/** A client without retries: a test sees every answer. */
export function createEc2(url: string, credentials = ANY_KEY): EC2Client {
  return new EC2Client({ endpoint: url, region: REGION, credentials, maxAttempts: 1 });
}

/** A cloud with a network, ready for tests. */
export interface TestCloud {
  readonly moto: Moto;
  readonly ec2: EC2Client;
  readonly imageId: string;
  readonly network: MotoNetwork;
  readonly subnetId: string;
}

/** moto takes a second to tell of its images; a reset keeps them. */
const images = new Map<string, string>();

/** Makes a network in a cloud that was just started or reset. */
export async function furnish(moto: Moto): Promise<TestCloud> {
  const ec2 = createEc2(moto.url);
  const network = await createNetwork(ec2, ZONES);
  const imageId = images.get(moto.url) ?? (await findImage(ec2));
  images.set(moto.url, imageId);
  return { moto, ec2, imageId, network, subnetId: network.subnets[0]?.subnetId ?? '' };
}

/** Asserts that a call fails with this code of EC2. */
export async function expectRefused(call: Promise<unknown>, code: string): Promise<void> {
  const outcome = await call.then(
    () => 'nothing: it was taken',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
  expect(outcome).toBe(code);
}
