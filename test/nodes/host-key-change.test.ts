import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import { createNodeShell, generateKeyPair, type NodeTarget } from '../../src/nodes/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import { buildHostKeyScript } from '../../src/vm/node-tasks/host-key-script.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const signal = new AbortController().signal;

// The frame's part, with a machine in memory, is in test/unit/vm; here is what happens on a real one.
describe('the host key of a node', () => {
  let kit: TestMachines;
  let target: NodeTarget;
  let changedTarget: NodeTarget;
  const changed = generateKeyPair('changed');

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  const script = (): string => buildHostKeyScript({ first: target.hostKey, changed: changed.publicKey });
  const change = (command: string): Promise<string> =>
    kit.shell.run(target, command, signal, changed.privateKey);
  /** By new connections: those that stand have verified theirs. */
  async function shownKey(): Promise<'first' | 'changed'> {
    const fresh = createNodeShell();
    try {
      for (const [name, known] of [
        ['first', target],
        ['changed', changedTarget],
      ] as const) {
        try {
          await fresh.ping(known, signal);
          return name;
        } catch (error) {
          if (!WindlassError.isInstance(error) || error.code !== 'NODE_HOST_KEY') throw error;
        }
      }
    } finally {
      await fresh.close();
    }
    throw new Error('the machine shows neither key');
  }
  const waitForKey = (): Promise<'first' | 'changed'> =>
    expect
      .poll(() => shownKey().catch(() => 'none'), { timeout: 50_000 })
      .not.toBe('none')
      .then(shownKey);

  async function boot(instanceId: string, address: string, user = 'root'): Promise<void> {
    target = await kit.boot({ instanceId, address, user });
    changedTarget = { ...target, hostKey: changed.publicKey };
  }

  it.each(['root', 'windlass'])('is changed over the first connection, by user %s', async (user) => {
    await boot(`i-${user}`, user === 'root' ? '127.102.0.1' : '127.102.0.2', user);
    expect(await change(script())).toBe('changed\n');
    await expect.poll(shownKey).toBe('changed');
    // The connection over which it was changed is still open, and a second change has no effect.
    expect(await change(script())).toBe('changed\n');
    await expect.poll(() => shownKey().catch(() => 'none')).toBe('changed');
    await kit.machines.reboot(`i-${user}`);
    expect(await waitForKey()).toBe('changed');
    expect(await kit.shell.run(changedTarget, 'ls -l /etc/ssh', signal)).not.toContain('.windlass');
    expect(await kit.shell.run(changedTarget, 'stat -c %a:%U /etc/ssh/ssh_host_ed25519_key', signal)).toBe(
      '600:root\n',
    );
    await kit.machines.terminate(`i-${user}`);
  });

  it(
    'is one of the two known ones after a crash at any step of the change',
    { timeout: 240_000 },
    async () => {
      await boot('i-crash', '127.102.0.3');
      const seen: string[] = [];
      for (let step = 1; ; step += 1) {
        // Another key each time would be another first key: so it goes back and forth.
        const [from, to] =
          (await waitForKey()) === 'first' ? [kit.host, changed] : ([changed, kit.host] as const);
        const command = dyingAt(step, buildHostKeyScript({ first: from.publicKey, changed: to.publicKey }));
        const current = { ...target, hostKey: from.publicKey };
        const ended = await kit.shell
          .run(current, command, signal, to.privateKey)
          .catch((error: unknown) => error);
        if (typeof ended === 'string') break;
        await kit.machines.crash('i-crash');
        await kit.machines.start('i-crash');
        const key = await waitForKey();
        seen.push((key === 'first') === (from === kit.host) ? 'before' : 'after');
        const left = await kit.machines.execute(
          'i-crash',
          'cat /etc/ssh/ssh_host_ed25519_key.pub || echo none',
        );
        expect(['none', kit.host.publicKey, changed.publicKey].map((text) => text.split(' ')[1])).toContain(
          left.trim().split(' ')[1],
        );
      }
      // It died before each command that changes something and after it, on both sides of the change.
      expect(seen.length).toBeGreaterThan(10);
      expect(seen.indexOf('after')).toBeGreaterThan(3);
      expect(seen).toEqual([...seen].sort((a, b) => (a === b ? 0 : a === 'before' ? -1 : 1)));
      await kit.machines.terminate('i-crash');
    },
  );

  it('stays as it was when the new key arrives cut off, or sshd would not start', async () => {
    await boot('i-bad', '127.102.0.4');
    await expect(kit.shell.run(target, script(), signal, changed.privateKey.slice(0, 200))).rejects.toThrow(
      'did not arrive whole',
    );
    await kit.shell.run(target, 'echo Nonsense yes >> /etc/ssh/sshd_config', signal);
    await expect(change(script())).rejects.toThrow('would not start');
    expect(await shownKey()).toBe('first');
    await kit.shell.run(target, "sed -i '/^Nonsense/d' /etc/ssh/sshd_config", signal);
    await change(script());
    await expect.poll(() => shownKey().catch(() => 'none')).toBe('changed');
    await kit.machines.terminate('i-bad');
  });
});

/** The script, killed at its n-th step; a step is the beginning or the end of a command that changes something. */
function dyingAt(step: number, script: string): string {
  const commands = ['sync', 'rm', 'mv', 'chmod', 'kill'];
  return `steps=0
step() { steps=$((steps + 1)); [ "$steps" -ne ${step} ] || command kill -KILL $$; }
${commands.map((name) => `${name}() { step; command ${name} "$@"; step; }`).join('\n')}
${script}`;
}
