import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signRequest, toSortedQuery } from '../../src/providers/qingcloud/client/sign-request.ts';
import { startQingCloud, type QingCloud, type QingCloudSettings } from '../kit/qingcloud/index.ts';

/** The emulator in a folder of its own. */
export interface TestCloud extends QingCloud {
  readonly folder: string;
}

const started: { readonly folder: string; close(): Promise<void> }[] = [];

/** Jobs end a second after a change unless the settings say otherwise; use `advance`. */
export async function startTestCloud(settings: Partial<QingCloudSettings> = {}): Promise<TestCloud> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-qingcloud-'));
  const cloud = await startQingCloud({
    clock: 'manual',
    folder,
    settings: { pendingMs: 400, workingMs: 600, ...settings },
  });
  started.push({ folder, close: () => cloud.close() });
  return { ...cloud, folder };
}

/** For `afterEach`. */
export async function closeTestClouds(): Promise<void> {
  for (const { folder, close } of started.splice(0)) {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Parameters as they are sent; undefined takes one of the common ones away. */
export type RawParameters = Readonly<Record<string, string | number | undefined>>;

/** An answer, read without any type. */
// oxlint-disable-next-line typescript/no-explicit-any -- an answer is checked field by field
export type RawAnswer = Record<string, any>;

export interface AskOptions {
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
  readonly secret?: string;
}

/** Sends a signed request, without any check of ours, and returns whatever the API answers. */
export async function ask(
  cloud: Pick<QingCloud, 'url' | 'nowMs'>,
  action: string,
  parameters: RawParameters = {},
  { method = 'GET', path = '/iaas/', secret = 'SECRETACCESSKEY' }: AskOptions = {},
): Promise<RawAnswer> {
  const flat: Record<string, string> = {};
  const all = { ...createCommon(cloud), action, ...parameters };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) flat[name] = String(value);
  const signature = signRequest({ method, path }, flat, secret);
  const query = toSortedQuery({ ...flat, signature });
  const url = new URL(path, cloud.url);
  const answer = await (method === 'POST'
    ? fetch(url, { method, body: new URLSearchParams({ ...flat, signature }) })
    : fetch(new URL(`?${query}`, url)));
  return (await answer.json()) as RawAnswer;
}

function createCommon(cloud: Pick<QingCloud, 'nowMs'>): RawParameters {
  return {
    access_key_id: 'QYACCESSKEYIDEXAMPLE',
    zone: 'pek3a',
    time_stamp: toStamp(cloud.nowMs()),
    version: 1,
    signature_method: 'HmacSHA256',
    signature_version: 1,
  };
}

/** As the API writes times. */
export function toStamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A request for an instance that is accepted. */
export const RUN = {
  image_id: 'img-abcd1234',
  cpu: 1,
  memory: 1_024,
  login_mode: 'passwd',
  login_passwd: 'p12cHANgepwD',
  instance_class: 1,
  'vxnets.1': 'vxnet-inavpc01',
} as const;

/** The id of a running instance. */
export async function runInstance(cloud: QingCloud, parameters: RawParameters = {}): Promise<string> {
  const { instances } = await ask(cloud, 'RunInstances', { ...RUN, ...parameters });
  cloud.advance(1_000);
  return String(instances[0]);
}

/** The id of a volume that is available. */
export async function createVolume(cloud: QingCloud, parameters: RawParameters = {}): Promise<string> {
  const { volumes } = await ask(cloud, 'CreateVolumes', { size: 20, volume_type: 3, ...parameters });
  cloud.advance(1_000);
  return String(volumes[0]);
}

/** An instance as the API shows it. */
export async function showInstance(cloud: QingCloud, id: string): Promise<RawAnswer> {
  return (await ask(cloud, 'DescribeInstances', { 'instances.1': id }))['instance_set'][0];
}

/** A volume as the API shows it. */
export async function showVolume(cloud: QingCloud, id: string): Promise<RawAnswer> {
  return (await ask(cloud, 'DescribeVolumes', { 'volumes.1': id }))['volume_set'][0];
}
