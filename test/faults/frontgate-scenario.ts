import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSshdMachines, findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import type { StartedJob } from '../../src/client/index.ts';
import { MACHINE_CLOUD_KEY, startMachineCloud, type MachineCloud } from '../fakes/machine-cloud.ts';
import { PUBLIC_SUBNET } from '../fakes/memory-handler.ts';
import {
  canMakeNamespaces,
  createVpc,
  NO_NAMESPACES,
  VPC_NODES,
  type TestVpc,
} from '../kit/network-namespaces.ts';
import { startStack, type TestStack } from '../kit/stack.ts';
import { openFaultFolder, type FaultFolder } from './fault-folder.ts';
import { openFrontgateOrderCheck, type FrontgateOrderCheck } from './check-frontgate-order.ts';
import { superviseWorkers, type SupervisedWorkers } from './supervised-workers.ts';
import { QUICK_RECOVERY, TINY_PACKAGE, type Action } from './local-scenario.ts';

const MACHINE_PROVIDER = fileURLToPath(new URL('../fakes/machine-provider.ts', import.meta.url));

/** A stack whose clusters live on machines in a network that only the frontgate's machine leads into. */
export interface FrontgateScenario {
  readonly stack: TestStack;
  readonly workers: SupervisedWorkers;
  readonly faults: FaultFolder;
  readonly cloud: MachineCloud;
  readonly vpc: TestVpc;
  readonly book: FrontgateOrderCheck;
  /** Starts an action on a cluster of one node; `clusterId` for all but create. */
  begin(action: Action, clusterId?: string): Promise<StartedJob>;
  stop(): Promise<void>;
}

/** Why it cannot run here, as the reason of a skip; null if it can. */
export function findFrontgateScenarioObstacle(): string | null {
  return findSshdMachinesObstacle() ?? (canMakeNamespaces() ? null : NO_NAMESPACES);
}

/** Starts all of it. `number` distinguishes scenarios that one process has at the same time. */
export async function openFrontgateScenario(options: {
  number: number;
  workers: number;
}): Promise<FrontgateScenario> {
  const vpc = createVpc(options.number);
  const ending: (() => unknown)[] = [() => vpc.close()];
  /** In reverse order, each even if another fails. */
  const stop = async (): Promise<void> => {
    const end = ending.pop();
    if (end === undefined) return;
    try {
      await end();
    } finally {
      await stop();
    }
  };
  try {
    const stack = await startStack({ env: QUICK_RECOVERY });
    ending.push(() => stack.stop());
    const inner = await createSshdMachines({ folder: join(stack.home, 'machines') });
    ending.push(() => inner.close());
    const book = openFrontgateOrderCheck(inner, vpc.gateAddress);
    const network = {
      chooseAddress: (subnet: string, taken: ReadonlySet<string>): string =>
        subnet === PUBLIC_SUBNET ? vpc.gateAddress : chooseFree(vpc, taken),
      namespaceOf: (subnet: string): string =>
        subnet === PUBLIC_SUBNET ? vpc.gateNamespace : vpc.nodesNamespace,
    };
    const cloud = await startMachineCloud({ machines: book.machines, network });
    ending.push(() => cloud.stop());
    const faults = openFaultFolder(join(stack.home, 'faults'));
    const workers = await superviseWorkers(stack, options.workers, {
      ...faults.env,
      WINDLASS_PROVIDERS: MACHINE_PROVIDER,
      WINDLASS_TEST_MACHINE_CLOUD: cloud.url,
      WINDLASS_TEST_MACHINE_USER: 'windlass',
    });
    ending.push(() => workers.stop());
    const { client } = stack;
    await client.runtimes.create({
      name: 'metal',
      provider: 'machines',
      zone: 'zone-1',
      settings: { frontgate: 'on' },
      credential: JSON.stringify({ apiKey: MACHINE_CLOUD_KEY }),
    });
    const { versionId } = await client.apps.register(TINY_PACKAGE);
    return {
      stack,
      workers,
      faults,
      cloud,
      vpc,
      book,
      begin(action, clusterId) {
        if (action === 'create')
          return client.clusters.create({
            app: versionId,
            runtime: 'metal',
            settings: { 'cluster.count': '1' },
          });
        if (clusterId === undefined) throw new Error(`${action} of which cluster?`);
        return client.clusters[action](clusterId);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function chooseFree(vpc: TestVpc, taken: ReadonlySet<string>): string {
  for (let index = 0; index < VPC_NODES; index += 1) {
    const address = vpc.nodeAddress(index);
    if (!taken.has(address)) return address;
  }
  throw new Error(`the network has ${VPC_NODES} addresses`);
}
