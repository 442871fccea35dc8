import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { generateKeyPair, type NodeTarget } from '../../src/nodes/index.ts';

/** The OpenSSH server of this machine; undefined where none is installed. */
export const SSHD = [process.env['WINDLASS_TEST_SSHD'] ?? '', '/usr/sbin/sshd'].find(
  (path) => path !== '' && existsSync(path),
);

export interface SshdRequest {
  /** Created if it does not exist; holds keys, settings and the log. */
  readonly folder: string;
  readonly address: string;
  readonly port?: number;
  /** The prefix of the command, e.g. to enter a network namespace. */
  readonly within?: readonly string[];
}

/** A real sshd with a host key and one authorized key of its own. */
export interface TestSshd {
  /** With all of its keys; root `''`. */
  readonly target: NodeTarget;
  start(): void;
  /** SIGKILL for the listener; open connections have processes of their own. */
  stop(): Promise<void>;
}

export function createSshd({ folder, address, port = 22, within = [] }: SshdRequest): TestSshd {
  if (SSHD === undefined) throw new Error('no sshd');
  const program = SSHD;
  const [host, client] = [generateKeyPair('host'), generateKeyPair('client')];
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(join(folder, 'host'), host.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'authorized'), `${client.publicKey}\n`);
  const settings = [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized`,
    'StrictModes no',
    'UsePAM no',
    'MaxStartups 500',
    'LogLevel VERBOSE',
    `PidFile ${folder}/pid`,
  ];
  writeFileSync(join(folder, 'conf'), `${settings.join('\n')}\n`);
  let process: ChildProcess | null = null;
  return {
    target: {
      host: address,
      port,
      user: userInfo().username,
      hostKey: host.publicKey,
      privateKey: client.privateKey,
      root: '',
    },
    start() {
      const [command, ...args] = within.length === 0 ? [program] : [...within, program];
      const own = ['-D', '-f', join(folder, 'conf'), '-E', join(folder, 'log')];
      process = spawn(command, [...args, ...own], { stdio: 'ignore' });
    },
    async stop() {
      const running = process;
      process = null;
      if (running === null || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await ended;
    },
  };
}
