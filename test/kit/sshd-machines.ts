import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSshdMachines,
  type Machine,
  type MachineSpec,
  type SshdMachines,
  type SshdMachinesOptions,
} from '../../src/conformance/index.ts';
import {
  createNodeShell,
  generateKeyPair,
  type KeyPair,
  type NodeShell,
  type NodeTarget,
} from '../../src/nodes/index.ts';
import { makeCloudConfig } from '../../src/provider-utils/index.ts';

/** Machines of one test file with the keys of one cluster, and a shell to reach them. */
export interface TestMachines {
  /** Disks are files in its `disks`. */
  readonly folder: string;
  readonly machines: SshdMachines;
  readonly client: KeyPair;
  /** The host key that user-data gives to every machine of the test. */
  readonly host: KeyPair;
  readonly shell: NodeShell;
  /** Boots a machine and waits until its sshd takes our key. */
  boot(spec: Pick<MachineSpec, 'instanceId' | 'address'> & BootOptions): Promise<NodeTarget>;
  toTarget(machine: Machine, user?: string): NodeTarget;
  waitForSshd(target: NodeTarget): Promise<void>;
  end(): Promise<void>;
}

interface BootOptions {
  readonly user?: string;
  readonly networkNamespace?: string;
}

/** The caller calls `end`. Machines cannot be booted everywhere: ask findSshdMachinesObstacle first. */
export async function createTestMachines(
  options: Omit<SshdMachinesOptions, 'folder'> = {},
): Promise<TestMachines> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-machines-'));
  const machines = await createSshdMachines({ ...options, folder });
  const [client, host] = [generateKeyPair('client'), generateKeyPair('host')];
  const shell = createNodeShell();

  const toTarget = (machine: Machine, user = 'root'): NodeTarget => ({
    host: machine.address,
    port: machine.port,
    user,
    hostKey: host.publicKey,
    privateKey: client.privateKey,
    root: '',
  });
  const waitForSshd = (target: NodeTarget): Promise<void> => waitUntilReached(shell, target);
  return {
    folder,
    machines,
    client,
    host,
    shell,
    toTarget,
    waitForSshd,
    async boot({ user = 'root', ...spec }) {
      const userData = makeCloudConfig({
        authorizedKey: client.publicKey,
        hostPrivateKey: host.privateKey,
        hostPublicKey: host.publicKey,
        hostname: spec.instanceId,
        user,
      });
      const target = toTarget(await machines.boot({ ...spec, userData }), user);
      await waitForSshd(target);
      return target;
    },
    async end() {
      await shell.close();
      await machines.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function waitUntilReached(shell: NodeShell, target: NodeTarget): Promise<void> {
  const until = Date.now() + 50_000;
  for (;;) {
    try {
      await shell.ping(target, AbortSignal.timeout(5_000));
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
