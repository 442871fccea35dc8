import { execFileSync, spawnSync } from 'node:child_process';

/** The reason of a skip if `createVpc` cannot work. */
export const NO_NAMESPACES = 'network namespaces need Linux, root and iproute2';

/**
 * A network of its own, like a cloud's VPC: its nodes' addresses cannot be reached from here. The gate has
 * one outside address, which this machine reaches, and one inside; it forwards no packets, so only
 * connections from within it get to a node.
 */
export interface TestVpc {
  /** The address at which this machine reaches the gate. */
  readonly gateAddress: string;
  /** Of the gate's outside addresses, and of the nodes': a cloud that assigns them knows them by these. */
  readonly gateRange: string;
  readonly nodesRange: string;
  /** This machine's own address towards the gate. */
  readonly ownAddress: string;
  /** The n-th address inside, from 0; there are `VPC_NODES`. */
  nodeAddress(index: number): string;
  /** The command prefix that runs a command in the gate, or among the nodes. */
  readonly inGate: readonly string[];
  readonly inNodes: readonly string[];
  /** Files of the two namespaces, for code that puts a machine into one. */
  readonly gateNamespace: string;
  readonly nodesNamespace: string;
  /**
   * Makes the gate forward packets to the nodes and back, which it never should: proves that a test would
   * notice.
   */
  openWide(): void;
  closeAgain(): void;
  /** The gate loses its outside connection silently: packets vanish. */
  cut(): void;
  repair(): void;
  close(): void;
}

/** Whether this machine can have namespaces. */
export function canMakeNamespaces(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const name = `wl-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return false;
  return spawnSync('ip', ['netns', 'delete', name]).status === 0;
}

/** How many addresses the nodes of a VPC have. */
export const VPC_NODES = 20;
/** The addresses that AWS assigns first: it reserves those before them. */
const FIRST_GIVEN = [4, 5, 6, 7, 8, 9];

/** `number` distinguishes networks that one process has at the same time. */
export function createVpc(number: number): TestVpc {
  const id = `${process.pid}${number}`.slice(-8);
  const [gate, nodes] = [`wlg${id}`, `wln${id}`];
  const subnet = findFreeSubnet(process.pid * 4 + number);
  const outside = `198.18.${subnet}`;
  const inside = `198.19.${subnet}`;
  const run = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  const nodeAddress = (index: number): string => `${inside}.${index + 10}`;
  const close = (): void => {
    // A link ends with the namespace at either of its ends.
    for (const name of [gate, nodes]) spawnSync('ip', ['netns', 'delete', name]);
    spawnSync('ip', ['link', 'delete', `wlo${id}`]);
  };
  try {
    for (const name of [gate, nodes]) {
      run('netns', 'add', name);
      run('-n', name, 'link', 'set', 'lo', 'up');
    }
    run('link', 'add', `wlo${id}`, 'type', 'veth', 'peer', 'name', 'out', 'netns', gate);
    run('addr', 'add', `${outside}.1/28`, 'dev', `wlo${id}`);
    run('link', 'set', `wlo${id}`, 'up');
    run('-n', gate, 'addr', 'add', `${outside}.2/28`, 'dev', 'out');
    for (const last of FIRST_GIVEN) run('-n', gate, 'addr', 'add', `${outside}.${last}/28`, 'dev', 'out');
    run('-n', gate, 'link', 'set', 'out', 'up');
    run('-n', gate, 'link', 'add', 'in', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nodes);
    run('-n', gate, 'addr', 'add', `${inside}.1/24`, 'dev', 'in');
    run('-n', gate, 'link', 'set', 'in', 'up');
    run('-n', nodes, 'link', 'set', 'eth0', 'up');
    for (let index = 0; index < VPC_NODES; index += 1)
      run('-n', nodes, 'addr', 'add', `${nodeAddress(index)}/24`, 'dev', 'eth0');
    for (const last of FIRST_GIVEN) run('-n', nodes, 'addr', 'add', `${inside}.${last}/24`, 'dev', 'eth0');
    run('netns', 'exec', gate, 'sysctl', '-qw', 'net.ipv4.ip_forward=0');
    // A route that a careless administrator might set: the gate still forwards nothing.
    run('route', 'add', `${inside}.0/24`, 'via', `${outside}.2`);
  } catch (error) {
    close();
    throw error;
  }
  return {
    gateAddress: `${outside}.2`,
    gateRange: `${outside}.0/28`,
    nodesRange: `${inside}.0/24`,
    ownAddress: `${outside}.1`,
    nodeAddress,
    inGate: ['ip', 'netns', 'exec', gate],
    inNodes: ['ip', 'netns', 'exec', nodes],
    gateNamespace: `/run/netns/${gate}`,
    nodesNamespace: `/run/netns/${nodes}`,
    openWide() {
      run('netns', 'exec', gate, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
      run('-n', nodes, 'route', 'replace', 'default', 'via', `${inside}.1`);
    },
    closeAgain() {
      run('-n', nodes, 'route', 'delete', 'default');
      run('netns', 'exec', gate, 'sysctl', '-qw', 'net.ipv4.ip_forward=0');
    },
    cut: () => run('-n', gate, 'addr', 'flush', 'dev', 'out'),
    repair: () => run('-n', gate, 'addr', 'add', `${outside}.2/28`, 'dev', 'out'),
    close,
  };
}

/** The third number of a network that no other process has: two of them may choose the same one. */
function findFreeSubnet(first: number): number {
  const taken = execFileSync('ip', ['-o', 'addr', 'show'], { encoding: 'utf8' });
  for (let next = first; next < first + 250; next += 1) {
    if (!taken.includes(` 198.18.${next % 250}.`)) return next % 250;
  }
  throw new Error('all 250 networks of 198.18.0.0/16 are taken; `ip link` shows their users');
}
