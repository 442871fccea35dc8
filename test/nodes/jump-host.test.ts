import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNodeShell, generateKeyPair, type NodeShell, type NodeTarget } from '../../src/nodes/index.ts';
import { canMakeNamespaces, createVpc, NO_NAMESPACES, type TestVpc } from '../kit/network-namespaces.ts';
import { createSshd, SSHD, type TestSshd } from '../kit/sshd.ts';

// Real sshd's in networks of their own: a node is reached through the frontgate or not at all.
const POSSIBLE = SSHD !== undefined && canMakeNamespaces();
const NODES = 6;
const signal = new AbortController().signal;

describe('a node behind a frontgate', () => {
  let folder: string;
  let vpc: TestVpc;
  let gate: TestSshd;
  let nodes: readonly TestSshd[];
  let shell: NodeShell;

  const behind = (index: number, change: Partial<NodeTarget> = {}): NodeTarget => ({
    ...nodeTarget(index),
    via: gate.target,
    ...change,
  });
  const nodeTarget = (index: number): NodeTarget => {
    const node = nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node.target;
  };
  const gateLog = (): string => readFileSync(join(folder, 'gate', 'log'), 'utf8');
  /** How many connections the gate's sshd has let in so far. */
  const connectionsOfGate = (): number => gateLog().split('Accepted publickey').length - 1;

  beforeAll(async () => {
    if (!POSSIBLE) return;
    folder = mkdtempSync(join(tmpdir(), 'windlass-jump-'));
    vpc = createVpc(1);
    gate = createSshd({ folder: join(folder, 'gate'), address: '0.0.0.0', within: vpc.inGate });
    gate = { ...gate, target: { ...gate.target, host: vpc.gateAddress } };
    nodes = Array.from({ length: NODES }, (_, index) =>
      createSshd({
        folder: join(folder, `node-${index}`),
        address: vpc.nodeAddress(index),
        within: vpc.inNodes,
      }),
    );
    for (const sshd of [gate, ...nodes]) sshd.start();
    shell = createNodeShell();
    for (const sshd of nodes) await answers({ ...sshd.target, via: gate.target });
    await shell.close();
  });
  beforeEach((context) => {
    context.skip(!POSSIBLE, NO_NAMESPACES);
    shell = createNodeShell();
  });
  afterEach(async () => {
    await shell.close();
  });
  afterAll(async () => {
    if (!POSSIBLE) return;
    await Promise.all([gate, ...nodes].map((sshd) => sshd.stop()));
    vpc.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function answers(target: NodeTarget): Promise<void> {
    const deadline = Date.now() + 50_000;
    for (;;) {
      try {
        return await shell.ping(target, signal);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(100);
      }
    }
  }

  it('cannot be reached without it', async () => {
    const outcome = await new Promise((resolve) => {
      const socket = connect(22, vpc.nodeAddress(0));
      socket.once('connect', () => resolve('connected')).once('error', () => resolve('refused'));
      setTimeout(() => resolve('silence'), 2_000);
      setTimeout(() => socket.destroy(), 2_100);
    });
    expect(outcome).not.toBe('connected');
  });

  it('runs commands and takes files through it, all nodes over one connection to the frontgate', async () => {
    const before = connectionsOfGate();
    const outputs = await Promise.all(
      nodes.flatMap((_, index) =>
        Array.from({ length: 5 }, () => shell.run(behind(index), 'echo "$SSH_CONNECTION"', signal)),
      ),
    );
    expect(new Set(outputs.map((output) => output.trim().split(' ')[2]))).toEqual(
      new Set(nodes.map((_, index) => vpc.nodeAddress(index))),
    );
    const root = join(folder, 'root-of-node-0');
    const file = { path: '/etc/one', content: 'x'.repeat(3_000_000), mode: 0o600 };
    const target = behind(0, { root });
    expect(await shell.writeFiles(target, [file], signal)).toEqual(['/etc/one']);
    expect(readFileSync(join(root, 'etc/one'), 'utf8')).toBe(file.content);
    expect(connectionsOfGate() - before).toBe(1);
  });

  it('has its own host key verified, and the frontgate has its own', async () => {
    const other = generateKeyPair('other');
    await expect(shell.ping(behind(0, { hostKey: other.publicKey }), signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_HOST_KEY',
      message: expect.stringContaining(vpc.nodeAddress(0)),
    });
    const via = { ...gate.target, hostKey: other.publicKey };
    await expect(shell.ping(behind(0, { via }), signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_HOST_KEY',
      message: expect.stringContaining(vpc.gateAddress),
    });
  });

  it('is refused with keys of another, at either of the two', async () => {
    const other = generateKeyPair('other');
    await expect(shell.ping(behind(0, { privateKey: other.privateKey }), signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_AUTH',
    });
    const via = { ...gate.target, privateKey: other.privateKey };
    await expect(shell.ping(behind(0, { via }), signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_AUTH',
      message: expect.stringContaining(vpc.gateAddress),
    });
  });

  it('is unavailable when it does not listen, distinguished from a frontgate that does not', async () => {
    await expect(shell.ping(behind(0, { port: 23 }), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_UNREACHABLE',
    });
    const via = { ...gate.target, port: 23 };
    await expect(shell.ping(behind(0, { via }), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'JUMP_HOST_UNREACHABLE',
      message: expect.stringContaining(vpc.gateAddress),
    });
  });

  it('is unavailable where nothing has its address: the frontgate is given 15 s and no more', async () => {
    const before = Date.now();
    await expect(shell.ping(behind(0, { host: vpc.nodeAddress(100) }), signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_UNREACHABLE',
    });
    expect(Date.now() - before).toBeLessThan(40_000);
  });

  it(
    'is unavailable while the frontgate is cut off, and there again after it',
    { timeout: 180_000 },
    async () => {
      await shell.ping(behind(1), signal);
      vpc.cut();
      await expect(shell.run(behind(1), 'echo there', signal)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(vpc.gateAddress),
      });
      vpc.repair();
      await answers(behind(1));
      expect(await shell.run(behind(1), 'echo there', signal)).toBe('there\n');
    },
  );

  it('finds a frontgate that was started again', async () => {
    await shell.ping(behind(2), signal);
    await gate.stop();
    // The listener is gone, what it has let in is not: the kept connection still leads on.
    expect(await shell.run(behind(3), 'echo there', signal)).toBe('there\n');
    const fresh = createNodeShell();
    await expect(fresh.ping(behind(2), signal)).rejects.toMatchObject({ code: 'JUMP_HOST_UNREACHABLE' });
    gate.start();
    await expect.poll(() => fresh.ping(behind(2), signal).then(() => 'there', String)).toBe('there');
    await fresh.close();
  });

  it('keeps the connection to the frontgate for as long as one leads through it', async () => {
    const brief = createNodeShell({ idleMs: 300 });
    const before = connectionsOfGate();
    const slow = brief.run(behind(4), 'sleep 2; echo done', signal);
    await brief.ping(behind(5), signal);
    expect(await slow).toBe('done\n');
    await brief.ping(behind(5), signal);
    expect(connectionsOfGate() - before).toBe(1);
    await sleep(1_500);
    await brief.ping(behind(5), signal);
    expect(connectionsOfGate() - before).toBe(2);
    await brief.close();
  });
});
