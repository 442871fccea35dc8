import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import { createNodeShell, type NodeTarget } from '../../src/nodes/index.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const NODES = 100;
/** As many tasks as a worker has slots for nodes by default. */
const SLOTS = 40;

// One sshd on a hundred addresses: for the worker, which keeps one connection per node, a hundred nodes.
describe('a hundred nodes', () => {
  let kit: TestMachines;
  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
    await kit.boot({ instanceId: 'i-all', address: '127.107.0.1' });
    await kit.machines.execute(
      'i-all',
      `echo 'ListenAddress 0.0.0.0:2207' >> /etc/ssh/sshd_config
echo 'MaxStartups 200' >> /etc/ssh/sshd_config
kill -HUP "$(cat /run/sshd.pid)"`,
    );
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  it(
    'are reached within the slots of one worker, over one connection each',
    { timeout: 120_000 },
    async () => {
      const shell = createNodeShell();
      const targets = Array.from({ length: NODES }, (_, index): NodeTarget => ({
        ...kit.toTarget(kit.machines.list()[0] ?? failed()),
        host: `127.107.250.${index + 1}`,
        port: 2207,
      }));
      await kit.waitForSshd(targets.at(-1) ?? failed());
      const waiting = [...targets];
      const work = async (): Promise<void> => {
        for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
          await shell.ping(target, AbortSignal.timeout(60_000));
          expect(
            await shell.run(target, 'echo "$SSH_CONNECTION" | cut -d " " -f 3', AbortSignal.timeout(60_000)),
          ).toBe(`${target.host}\n`);
        }
      };
      const began = Date.now();
      await Promise.all(Array.from({ length: SLOTS }, work));
      process.stderr.write(`${NODES} nodes were reached in ${Date.now() - began} ms\n`);
      // Both calls went over the same connection.
      const accepted =
        (await kit.machines.readConsole('i-all')).match(/Accepted publickey for root/g)?.length ?? 0;
      expect(accepted).toBeGreaterThanOrEqual(NODES);
      expect(accepted).toBeLessThanOrEqual(NODES + 5);
      await shell.close();
    },
  );
});

function failed(): never {
  throw new Error('there is no machine');
}
