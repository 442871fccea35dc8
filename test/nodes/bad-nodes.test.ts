import { execFileSync } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findSshdMachinesObstacle } from '../../src/conformance/index.ts';
import { createNodeShell, generateKeyPair, type NodeTarget } from '../../src/nodes/index.ts';
import { startFaultyConnection } from '../kit/faulty-connection.ts';
import { createTestMachines, type TestMachines } from '../kit/sshd-machines.ts';

const OBSTACLE = findSshdMachinesObstacle();
const signal = new AbortController().signal;
const SLOW = 60_000;

// Each takes its time, by the limits of a connection: all at once.
describe.concurrent('a node that', () => {
  let kit: TestMachines;
  let target: NodeTarget;

  beforeAll(async () => {
    if (OBSTACLE !== null) return;
    kit = await createTestMachines();
    target = await kit.boot({ instanceId: 'i-1', address: '127.106.0.1' });
  });
  afterAll(() => (OBSTACLE === null ? kit.end() : undefined));
  beforeEach((context) => {
    if (OBSTACLE !== null) context.skip(OBSTACLE);
  });

  it('refuses is unavailable at once', async () => {
    const refusing = { ...target, port: 1 };
    await expect(kit.shell.ping(refusing, signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('accepts and says nothing is unavailable after a while', { timeout: SLOW }, async () => {
    const { server, port } = await listen(() => {});
    await expect(kit.shell.ping({ ...target, host: '127.0.0.1', port }, signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_UNREACHABLE',
    });
    server.close();
  });

  it('speaks something else than SSH is unavailable', { timeout: SLOW }, async () => {
    const { server, port } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(kit.shell.ping({ ...target, host: '127.0.0.1', port }, signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_UNREACHABLE',
    });
    server.close();
  });

  it(
    'drops packets is unavailable, and is reached when it does not any more',
    { timeout: SLOW },
    async () => {
      const other = await kit.boot({ instanceId: 'i-drops', address: '127.106.0.2' });
      const shell = createNodeShell();
      const rule = ['INPUT', '-d', '127.106.0.2', '-j', 'DROP'];
      try {
        execFileSync('iptables', ['-I', ...rule]);
        await expect(shell.ping(other, signal)).rejects.toMatchObject({
          kind: 'unavailable',
          code: 'NODE_UNREACHABLE',
        });
      } finally {
        execFileSync('iptables', ['-D', ...rule]);
      }
      await shell.ping(other, signal);
      await shell.close();
    },
  );

  it('falls silent in the middle of a command is noticed', { timeout: SLOW }, async () => {
    const line = await startFaultyConnection(target);
    const shell = createNodeShell();
    const waiting = expect(shell.run(line.target, 'sleep 50', signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_CONNECTION_LOST',
    });
    await expect
      .poll(() => kit.machines.execute('i-1', "ps -e -o args= | grep -c '^sleep 50$' || true"))
      .toBe('1\n');
    const silentSince = Date.now();
    line.swallow();
    await waiting;
    expect(Date.now() - silentSince).toBeLessThan(40_000);
    await shell.close();
    await line.close();
  });

  it('answers slowly is waited for', { timeout: SLOW }, async () => {
    const { server, port } = await listen((socket) => {
      setTimeout(() => {
        const upstream = connect({ host: target.host, port: target.port });
        upstream.pipe(socket);
        socket.pipe(upstream);
        socket.on('error', () => upstream.destroy());
        upstream.on('error', () => socket.destroy());
      }, 5_000);
    });
    expect(await kit.shell.run({ ...target, host: '127.0.0.1', port }, 'echo at last', signal)).toBe(
      'at last\n',
    );
    server.close();
  });

  it('waits for a call that is cancelled end at once', { timeout: SLOW }, async () => {
    const { server, port } = await listen(() => {});
    const given = new AbortController();
    const call = kit.shell.ping({ ...target, host: '127.0.0.1', port }, given.signal);
    setTimeout(() => given.abort(), 100);
    const before = Date.now();
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' });
    // A connection would be given 15 s.
    expect(Date.now() - before).toBeLessThan(12_000);
    server.close();
  });

  it('takes passwords is never given one, and no key but the cluster’s', async () => {
    const other = await kit.boot({ instanceId: 'i-password', address: '127.106.0.4' });
    await kit.machines.execute(
      'i-password',
      'sed -i \'s/^PasswordAuthentication no/PasswordAuthentication yes/\' /etc/ssh/sshd_config; kill -HUP "$(cat /run/sshd.pid)"',
    );
    const stranger = { ...other, privateKey: generateKeyPair('stranger').privateKey };
    await expect
      .poll(() => kit.shell.ping(stranger, signal).catch((error: unknown) => error), { timeout: 40_000 })
      .toMatchObject({ kind: 'permission', code: 'NODE_AUTH' });
    expect(await kit.machines.readConsole('i-password')).not.toMatch(/Failed password|Failed none/);
  });

  it('lets its user not be root says so, and which user', async () => {
    const other = await kit.boot({ instanceId: 'i-sudo', address: '127.106.0.5', user: 'windlass' });
    await kit.shell.ping(other, signal);
    await kit.machines.execute('i-sudo', 'rm /etc/sudoers.d/90-cloud-init-users');
    await expect(kit.shell.ping(other, signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_SUDO',
      message: expect.stringContaining('user windlass may not act as root'),
    });
    await kit.machines.execute('i-sudo', 'rm /usr/bin/sudo');
    await expect(kit.shell.run(other, 'true', signal)).rejects.toMatchObject({ code: 'NODE_SUDO' });
    // Refused before anything is claimed.
    const command = { key: 'k', command: 'true', env: {}, timeoutSeconds: 9 };
    await expect(kit.shell.start(other, command, signal)).rejects.toMatchObject({ code: 'NODE_SUDO' });
    await expect(
      kit.shell.writeFiles(other, [{ path: '/etc/x', content: '', mode: 0o600 }], signal),
    ).rejects.toMatchObject({ code: 'NODE_SUDO' });
    expect(
      await kit.machines.execute('i-sudo', 'ls -d /var/lib/windlass /etc/x 2>/dev/null || echo none'),
    ).toBe('none\n');
  });

  it('gives files their mode and owner, whole, as root also for another user', async () => {
    const other = await kit.boot({ instanceId: 'i-files', address: '127.106.0.6', user: 'windlass' });
    const stat = (): Promise<string> =>
      kit.machines.execute('i-files', 'stat -c "%a %U:%G" /etc/app/conf /etc/app/own');
    const files = [
      { path: '/etc/app/conf', content: 'one', mode: 0o640, owner: 'windlass:adm' },
      { path: '/etc/app/own', content: 'two', mode: 0o4755, owner: '0' },
    ];
    expect(await kit.shell.writeFiles(other, files, signal)).toEqual(['/etc/app/conf', '/etc/app/own']);
    expect(await stat()).toBe('640 windlass:adm\n4755 root:root\n');
    expect(await kit.shell.writeFiles(other, files, signal)).toEqual([]);
    await kit.machines.execute('i-files', 'chown root /etc/app/conf');
    expect(await kit.shell.writeFiles(other, files, signal)).toEqual(['/etc/app/conf']);
    expect(await stat()).toBe('640 windlass:adm\n4755 root:root\n');
    const unowned = { path: '/etc/app/conf', content: 'three', mode: 0o640, owner: 'no-such-user' };
    await expect(kit.shell.writeFiles(other, [unowned], signal)).rejects.toMatchObject({
      code: 'NODE_COMMAND',
    });
    expect(await kit.machines.execute('i-files', 'cat /etc/app/conf; ls -A /etc/app')).toBe('oneconf\nown\n');
    await expect(kit.shell.writeFiles(other, [{ ...unowned, owner: '-R x' }], signal)).rejects.toMatchObject({
      kind: 'invalid-input',
      code: 'NODE_FILE_OWNER',
    });
  });
});

function listen(onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve({ server, port: address.port });
    });
  });
}
