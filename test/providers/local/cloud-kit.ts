import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKeyPair, type KeyPair, type NodeTarget } from '../../../src/nodes/index.ts';
import {
  type ContainmentKind,
  type Instance,
  type InstanceSpec,
  type LocalCloud,
  openLocalCloud,
  toInstanceId,
} from '../../../src/providers/local/index.ts';

/** A cloud of its own in a folder of its own; `end` leaves nothing of it. */
export interface LocalCloudKit {
  readonly cloud: LocalCloud;
  readonly clientKey: KeyPair;
  readonly hostKey: KeyPair;
  toSpec(token: string, change?: Partial<InstanceSpec>): InstanceSpec;
  /** Makes and boots an instance and waits until it answers. */
  runInstance(token: string, change?: Partial<InstanceSpec>): Promise<Instance>;
  waitForState(id: string, state: Instance['state']): Promise<Instance>;
  toTarget(instance: Instance): NodeTarget;
  end(): Promise<void>;
}

export async function createTestCloud(strongest?: ContainmentKind): Promise<LocalCloudKit> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-cloud-'));
  const cloud = openLocalCloud(folder, strongest);
  const clientKey = generateKeyPair('client');
  const hostKey = generateKeyPair('host');

  const kit: LocalCloudKit = {
    cloud,
    clientKey,
    hostKey,
    toSpec: (token, change = {}) => ({
      id: toInstanceId(token),
      token,
      zone: 'local-1',
      cpu: 1,
      memoryMiB: 512,
      image: '',
      hostname: 'node',
      addressRange: '127.77.0.0/16',
      bootDelayMs: 0,
      userData: { hostPrivateKey: hostKey.privateKey, authorizedKey: clientKey.publicKey },
      ...change,
    }),
    async runInstance(token, change = {}) {
      const instance = await cloud.makeInstance(kit.toSpec(token, change), {});
      await cloud.bootInstance(instance.id);
      return kit.waitForState(instance.id, 'running');
    },
    async waitForState(id, state) {
      const until = Date.now() + 50_000;
      for (;;) {
        const instance = await cloud.getInstance(id);
        if (instance?.state === state) return instance;
        if (instance?.bootFailure) throw new Error(instance.bootFailure);
        if (Date.now() > until) throw new Error(`${id} did not become ${state}`);
        await sleep(20);
      }
    },
    toTarget: (instance) => ({
      host: instance.address,
      port: 2222,
      user: 'windlass',
      hostKey: hostKey.publicKey,
      privateKey: clientKey.privateKey,
      root: instance.root,
    }),
    async end() {
      for (const { id } of await cloud.listInstances()) await cloud.deleteInstance(id);
      const left = await cloud.listProcesses();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      if (left.length > 0) throw new Error(`processes are left: ${JSON.stringify(left)}`);
    },
  };
  return kit;
}
