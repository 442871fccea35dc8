import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { BOOT_SCRIPT } from './boot-script.ts';

/** How a machine went down: `off` by a shutdown, `reboot` when requested inside, `crash` otherwise. */
export type MachineEnd = 'off' | 'reboot' | 'crash';

/** One boot of a machine, from its first process to its last. */
export interface MachineProcess {
  /** Its process 1, as this host numbers it. */
  readonly initPid: number;
  /** When the last of its processes is gone. */
  readonly ended: Promise<MachineEnd>;
  /** Presses the power button: services are asked to end, disks are unmounted. */
  shutDown(): Promise<void>;
  /** Switches the machine off: SIGKILL to everything in it at once. */
  pullPlug(): Promise<void>;
}

export interface MachineProcessOptions {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  /** File of a network namespace, e.g. /run/netns/inside; this host's own when left out. */
  readonly networkNamespace: string | undefined;
  readonly consoleFile: string;
}

/** A machine has this long to shut down before it is switched off. */
const SHUTDOWN_LIMIT_MS = 15_000;
/** The exit code of init when a reboot was requested inside. */
const REBOOT_EXIT_CODE = 3;

/**
 * Boots a machine; its sshd follows by itself. It dies with the process that started it, however that
 * ends.
 *
 * @throws Error with the machine's output when it does not start.
 */
export async function startMachineProcess(options: MachineProcessOptions): Promise<MachineProcess> {
  const { folder, address, port, hostname, networkNamespace, consoleFile } = options;
  const log = openSync(consoleFile, 'a', 0o600);
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', '--'],
      ...(networkNamespace === undefined ? [] : ['nsenter', `--net=${networkNamespace}`]),
      ...['unshare', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child=KILL'],
      ...['sh', '-c', BOOT_SCRIPT, 'boot', folder, address, String(port), hostname],
    ],
    { stdio: ['ignore', 'pipe', log], cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } },
  );
  closeSync(log);
  const ended = new Promise<MachineEnd>((resolve) => {
    child.once('exit', (code) =>
      resolve(code === 0 ? 'off' : code === REBOOT_EXIT_CODE ? 'reboot' : 'crash'),
    );
    child.once('error', () => resolve('crash'));
  });
  if (!(await waitUntilUp(child))) {
    throw new Error(`a machine did not come up:\n${await readFile(consoleFile, 'utf8')}`);
  }
  const initPid = await findOnlyChild(child.pid ?? 0);
  const pullPlug = async (): Promise<void> => {
    sendSignal(initPid, 'SIGKILL', child);
    await ended;
  };
  return {
    initPid,
    ended,
    pullPlug,
    async shutDown() {
      sendSignal(initPid, 'SIGTERM', child);
      const late = setTimeout(() => void pullPlug(), SHUTDOWN_LIMIT_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

function waitUntilUp(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-100);
      if (said.includes('up\n')) resolve(true);
    });
  });
}

async function findOnlyChild(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
}

/** Only while the process is surely ours: its number may be another's after its end. */
function sendSignal(pid: number, signal: NodeJS.Signals, parent: ChildProcess): void {
  if (parent.exitCode !== null || parent.signalCode !== null) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
