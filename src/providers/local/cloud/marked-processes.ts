import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as yieldToOthers, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { WindlassError } from '../../../domain/index.ts';
import { INIT_MARKER, killCgroup, ownerByCgroup } from './containment.ts';
import { hasErrno } from './files.ts';

const run = promisify(execFile);

/** Variables that every process of an instance has from its start. */
export const INSTANCE_MARKER = 'WINDLASS_INSTANCE';
export const CLOUD_MARKER = 'WINDLASS_LOCAL_CLOUD';

/** A process that belongs to an instance of a local cloud. */
export interface MarkedProcess {
  readonly pid: number;
  readonly instanceId: string;
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly instanceId: string | null;
  /** Other processes of the instance descend from it, and it ends by itself when they are gone. */
  readonly isInit: boolean;
}

/**
 * All processes of the instances of a local cloud: those in an instance's cgroup, those that have its
 * marker, and their descendants. Without a cgroup, a daemon that wrote its title over its own environment
 * (PostgreSQL, nginx) is recognised by its working directory inside the instance's folder.
 */
export function listMarkedProcesses(cloudFolder: string): Promise<readonly MarkedProcess[]> {
  const running = scans.get(cloudFolder);
  if (running?.next !== undefined) return running.next;
  const scan = (running?.current ?? Promise.resolve()).then(() => {
    const current = scanProcesses(cloudFolder);
    const entry: Scan = { current: current.then(ignore, ignore), next: undefined };
    scans.set(cloudFolder, entry);
    void entry.current.then(() => {
      if (scans.get(cloudFolder) === entry && entry.next === undefined) scans.delete(cloudFolder);
    });
    return current;
  });
  if (running === undefined) scans.set(cloudFolder, { current: scan.then(ignore, ignore), next: scan });
  else running.next = scan;
  return scan;
}

/** Callers that ask during a scan share the next scan: an answer must not be older than the question. */
interface Scan {
  readonly current: Promise<void>;
  next: Promise<readonly MarkedProcess[]> | undefined;
}

const scans = new Map<string, Scan>();

function ignore(): void {
  // Every caller gets the error.
}

async function scanProcesses(cloudFolder: string): Promise<readonly MarkedProcess[]> {
  const rows = process.platform === 'linux' ? await readProc(cloudFolder) : await readPs(cloudFolder);
  const owners = new Map<number, string>();
  for (const { pid, instanceId } of rows) if (instanceId !== null) owners.set(pid, instanceId);
  for (let grown = true; grown;) {
    grown = false;
    for (const { pid, parent } of rows) {
      const owner = owners.get(parent);
      if (owner === undefined || owners.has(pid) || pid === process.pid) continue;
      owners.set(pid, owner);
      grown = true;
    }
  }
  const inits = new Set(rows.filter(({ isInit }) => isInit).map(({ pid }) => pid));
  return [...owners]
    .filter(([pid]) => !inits.has(pid))
    .map(([pid, instanceId]) => ({ pid, instanceId }))
    .sort((left, right) => left.pid - right.pid);
}

/**
 * Stops a machine hard: SIGKILL for everything that an instance runs, repeated until nothing is left. With
 * a cgroup the kernel does it, also for processes of another user.
 *
 * @throws internal `LOCAL_PROCESS_STAYS` when a process survives for ten seconds.
 */
export async function killMarkedProcesses(
  cloudFolder: string,
  instanceId: string,
  cgroup = '',
): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    if (cgroup !== '') await killCgroup(cgroup);
    const victims = (await listMarkedProcesses(cloudFolder)).filter(
      (found) => found.instanceId === instanceId,
    );
    if (victims.length === 0) return;
    if (Date.now() > deadline) {
      throw new WindlassError(
        'internal',
        `processes ${victims.map(({ pid }) => pid).join(', ')} of ${instanceId} cannot be killed`,
        { code: 'LOCAL_PROCESS_STAYS', hint: 'they are blocked in the kernel or belong to another user' },
      );
    }
    const foreign: number[] = [];
    for (const { pid } of victims) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error;
        if (hasErrno(error, 'EPERM')) foreign.push(pid);
      }
    }
    if (foreign.length > 0) await killAsRoot(foreign);
    await sleep(10);
  }
}

/**
 * Processes that the instance has started with sudo can be killed with sudo; where that is not allowed,
 * they stay.
 */
async function killAsRoot(pids: readonly number[]): Promise<void> {
  await run('sudo', ['-n', 'kill', '-KILL', ...pids.map(String)]).catch(() => undefined);
}

/**
 * Files that the kernel holds in memory are read synchronously: through the thread pool, each took five
 * times the CPU. The event loop gets its turn in between.
 */
async function readProc(cloudFolder: string): Promise<readonly ProcessRow[]> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const rows: ProcessRow[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % READ_AT_ONCE === READ_AT_ONCE - 1) await yieldToOthers();
    const row = readProcRow(Number(pid), cloudFolder);
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** Reading takes some milliseconds. */
const READ_AT_ONCE = 64;

function readProcRow(pid: number, cloudFolder: string): ProcessRow | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    return { pid, parent: Number(parent), ...findOwner(pid, cloudFolder) };
  } catch {
    return null; // it ended during the scan, or is not ours
  }
}

type Owner = Pick<ProcessRow, 'instanceId' | 'isInit'>;

function findOwner(pid: number, cloudFolder: string): Owner {
  const contained = ownerByCgroup(cloudFolder, tryToRead(`/proc/${pid}/cgroup`) ?? '');
  if (contained !== null) return { instanceId: contained, isInit: false };
  const none = { instanceId: null, isInit: false };
  const environment = tryToRead(`/proc/${pid}/environ`)?.split('\0');
  if (environment === undefined) return none; // another user's process
  if (environment.includes(`${CLOUD_MARKER}=${cloudFolder}`)) {
    const isInit = environment.some((variable) => variable.startsWith(`${INIT_MARKER}=`));
    return { instanceId: valueOf(environment, INSTANCE_MARKER), isInit };
  }
  if (environment.some((variable) => variable.startsWith('PATH='))) return none;
  const folder = readFolderOf(pid);
  const instances = `${cloudFolder}/instances/`;
  if (!folder.startsWith(instances)) return none;
  return { instanceId: folder.slice(instances.length).split('/')[0] ?? null, isInit: false };
}

function tryToRead(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

function valueOf(environment: readonly string[], name: string): string | null {
  const variable = environment.find((entry) => entry.startsWith(`${name}=`));
  return variable === undefined ? null : variable.slice(name.length + 1);
}

/** Without /proc (macOS): `ps -E` prints the environment behind the command. */
async function readPs(cloudFolder: string): Promise<readonly ProcessRow[]> {
  const { stdout } = await run('ps', ['-A', '-E', '-ww', '-o', 'pid=,ppid=,stat=,command='], {
    maxBuffer: 64 * 1_024 * 1_024,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || parent === undefined || state?.startsWith('Z') !== false) return [];
    const words = (command ?? '').split(' ');
    const ours = words.includes(`${CLOUD_MARKER}=${cloudFolder}`);
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        instanceId: ours ? valueOf(words, INSTANCE_MARKER) : null,
        isInit: false,
      },
    ];
  });
}
