import { fileURLToPath } from 'node:url';
import type { Conf } from '../../src/domain/index.ts';
import { openLocalCloud, type Instance } from '../../src/providers/local/index.ts';
import type { TestStack } from '../kit/stack.ts';

/** A small package: two nodes with a volume and a process each, and a password that they print. */
export const SECRET_PACKAGE = fileURLToPath(new URL('./secret-package', import.meta.url));

export const RUNTIME = 'here';

/** How the nodes' start service behaves: at once, when `/go` is there, or never. */
export type StartBehaviour = 'well' | 'waits' | 'fails';

export function secretPackageConf(
  change: { password?: string; start?: StartBehaviour; count?: number } = {},
): Conf {
  const { password = 'an-ordinary-password', start = 'well', count = 2 } = change;
  return { cluster: { name: 'vault', count }, env: { password, start } };
}

/** The runtime `here` on the local provider. Its addresses are this stack's own range. */
export async function createLocalRuntime(stack: TestStack, addressRange: string): Promise<void> {
  await stack.client.runtimes.create({
    name: RUNTIME,
    provider: 'local',
    zone: 'local-1',
    settings: { addressRange },
  });
}

/** What really exists, whatever a database says. */
export interface ResourceCount {
  readonly instances: number;
  readonly running: number;
  readonly volumes: number;
  /** Of the nodes' own programs: a machine's sshd stand-in is not one. */
  readonly programs: number;
}

export const NOTHING: ResourceCount = { instances: 0, running: 0, volumes: 0, programs: 0 };

export async function countResources(stack: TestStack): Promise<ResourceCount> {
  const cloud = openLocalCloud(cloudFolder(stack));
  const instances = await cloud.listInstances();
  const machines = new Set(instances.map(({ pid }) => pid));
  const processes = await cloud.listProcesses();
  return {
    instances: instances.length,
    running: instances.filter(({ state }) => state === 'running').length,
    volumes: (await cloud.listVolumes()).length,
    programs: processes.filter(({ pid }) => !machines.has(pid)).length,
  };
}

export function listInstances(stack: TestStack): Promise<readonly Instance[]> {
  return openLocalCloud(cloudFolder(stack)).listInstances();
}

export function cloudFolder(stack: TestStack): string {
  return `${stack.home}/local`;
}
