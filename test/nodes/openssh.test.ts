import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNodeShell, generateKeyPair, type NodeShell, type NodeTarget } from '../../src/nodes/index.ts';

// What the local provider's machines cannot show: the sshd that real nodes have.
const SSHD = [process.env['WINDLASS_TEST_SSHD'] ?? '', '/usr/sbin/sshd'].find(
  (path) => path !== '' && existsSync(path),
);

describe('an OpenSSH daemon as node', () => {
  const signal = new AbortController().signal;
  let folder: string;
  let sshd: ChildProcess;
  let target: NodeTarget;
  let shell: NodeShell;

  beforeAll(async () => {
    if (SSHD === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'windlass-sshd-'));
    const [host, client] = [generateKeyPair('host'), generateKeyPair('client')];
    const port = await findFreePort();
    // A second host key of another type: the one that we know must be asked for.
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', join(folder, 'rsa')]);
    await writeFile(join(folder, 'host'), host.privateKey, { mode: 0o600 });
    await writeFile(join(folder, 'authorized'), `${client.publicKey}\n`);
    const settings = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${folder}/rsa`,
      `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/authorized`,
      'StrictModes no',
      'UsePAM no',
      `PidFile ${folder}/pid`,
    ];
    await writeFile(join(folder, 'conf'), `${settings.join('\n')}\n`);
    await mkdir(join(folder, 'root'));
    await chmod(folder, 0o755);
    if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true });
    sshd = spawn(SSHD, ['-D', '-f', join(folder, 'conf'), '-E', join(folder, 'log')], {
      stdio: 'ignore',
    });
    shell = createNodeShell();
    target = {
      host: '127.0.0.1',
      port,
      user: userInfo().username,
      hostKey: host.publicKey,
      privateKey: client.privateKey,
      root: join(folder, 'root'),
    };
    for (let attempt = 0; ; attempt += 1) {
      try {
        await shell.ping(target, signal);
        break;
      } catch (error) {
        if (attempt === 100) throw error;
        await sleep(100);
      }
    }
  });
  beforeEach((context) => {
    context.skip(SSHD === undefined, 'no OpenSSH server is installed');
  });
  afterAll(async () => {
    if (SSHD === undefined) return;
    await shell.close();
    sshd.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  it('runs sixty commands at once, none lost, though it takes ten sessions and ends quick ones in one packet', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 60 }, (_, index) => shell.run(target, `echo ${index}`, signal)),
    );
    expect(outputs.map(Number)).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it('writes files, and runs a command to its end after the connection is gone', async () => {
    const file = { path: '/etc/conf', content: 'content', mode: 0o640 };
    expect(await shell.writeFiles(target, [file], signal)).toEqual(['/etc/conf']);
    expect(await shell.writeFiles(target, [file], signal)).toEqual([]);
    const brief = createNodeShell();
    await brief.start(
      target,
      { key: 'k', command: 'sleep 0.3; cat etc/conf; exit 5', env: {}, timeoutSeconds: 60 },
      signal,
    );
    await brief.close();
    await expect
      .poll(() => shell.inspect(target, 'k', [], signal))
      .toEqual({ state: 'exited', exitCode: 5, output: 'content' });
  });

  it('ends a command at its limit, with its children', async () => {
    await shell.start(
      target,
      { key: 'l', command: 'trap "" TERM; sleep 77 & sleep 78', env: {}, timeoutSeconds: 1 },
      signal,
    );
    await expect.poll(async () => (await shell.inspect(target, 'l', [], signal)).state).toBe('timed-out');
    await expect
      .poll(() => shell.run(target, 'ps -e -o args= | grep -c "^sleep 7[78]$" || true', signal))
      .toBe('0\n');
  });

  it('is refused under another host key, and refuses another client key', async () => {
    const other = generateKeyPair('other');
    await expect(shell.ping({ ...target, hostKey: other.publicKey }, signal)).rejects.toMatchObject({
      code: 'NODE_HOST_KEY',
    });
    await expect(shell.ping({ ...target, privateKey: other.privateKey }, signal)).rejects.toMatchObject({
      code: 'NODE_AUTH',
    });
  });
});

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}
