import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { readdir, rmdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { hasErrno } from './files.ts';

/**
 * What keeps the processes of an instance together, strongest first. `cgroup`: the kernel knows and kills
 * all of them. `init`: a process that loses its parent becomes a child of the machine's init, so that all
 * of them descend from it. `marks`: only processes that still have their environment, their parents or
 * their folder are known.
 */
export type ContainmentKind = 'cgroup' | 'init' | 'marks';

/** How a machine will be started, or was. */
export interface Containment {
  readonly kind: ContainmentKind;
  /** Folder of the cgroup; empty for the other kinds. */
  readonly cgroup: string;
}

/** Set for the machine's init only, not for the processes that it starts. */
export const INIT_MARKER = 'WINDLASS_INIT';

/** The number of prctl(2), by the machine type of uname. */
const PRCTL: Readonly<Record<string, number>> = { x64: 157, arm64: 167, riscv64: 167, loong64: 167 };

/** Sets PR_SET_CHILD_SUBREAPER, starts the machine, and waits for child processes until none is left. */
const INIT_PROGRAM = `
my $number = shift @ARGV;
syscall($number, 36, 1, 0, 0, 0);
my $machine = fork;
if (defined $machine && $machine == 0) { delete $ENV{${INIT_MARKER}}; exec { $ARGV[0] } @ARGV or exit 127 }
1 while wait() != -1;
`;

/** Enters the cgroup before the program starts, so that no process is ever outside. */
const ENTER_CGROUP = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"';

/** A command line that starts the machine inside its containment. */
export interface ContainedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The strongest containment that this machine and this user have, not above `strongest`. A cgroup is
 * created for the instance.
 */
export function prepareContainment(
  cloudFolder: string,
  instanceId: string,
  strongest: ContainmentKind,
): Containment {
  if (process.platform !== 'linux' || strongest === 'marks') return { kind: 'marks', cgroup: '' };
  const cgroup = strongest === 'cgroup' ? makeCgroup(cloudFolder, instanceId) : null;
  if (cgroup !== null) return { kind: 'cgroup', cgroup };
  return { kind: findInit() === null ? 'marks' : 'init', cgroup: '' };
}

export function contain({ kind, cgroup }: Containment, program: readonly string[]): ContainedCommand {
  const [command = '', ...args] = program;
  if (kind === 'cgroup') {
    return {
      command: '/bin/sh',
      args: ['-c', ENTER_CGROUP, 'windlass-enter', cgroup, ...program],
      env: {},
    };
  }
  const init = kind === 'init' ? findInit() : null;
  if (init === null) return { command, args, env: {} };
  return {
    command: init.perl,
    args: ['-e', INIT_PROGRAM, String(init.prctl), ...program],
    env: { [INIT_MARKER]: '1' },
  };
}

/**
 * The instance of a local cloud that the cgroup of a process belongs to; null for none. `text` is its
 * /proc/…/cgroup.
 */
export function ownerByCgroup(cloudFolder: string, text: string): string | null {
  const path = /^0::(.*)$/m.exec(text)?.[1] ?? '';
  const prefix = `/${cgroupName(cloudFolder, '')}`;
  const at = path.indexOf(prefix);
  return at < 0 ? null : (path.slice(at + prefix.length).split('/')[0] ?? null);
}

/**
 * Kills everything in a cgroup and below it, whichever user it runs as. Kernels without cgroup.kill use
 * signals.
 */
export async function killCgroup(cgroup: string): Promise<void> {
  await writeFile(join(cgroup, 'cgroup.kill'), '1').catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ENODEV', 'EROFS')) throw error;
  });
}

/** Deletes an empty cgroup, with those that its processes have created below it. */
export async function removeCgroup(cgroup: string): Promise<void> {
  const below = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  for (const entry of below) if (entry.isDirectory()) await removeCgroup(join(cgroup, entry.name));
  // A cgroup whose processes are still ending is deleted by the next stop; a reboot deletes all.
  await rmdir(cgroup).catch(() => undefined);
}

function makeCgroup(cloudFolder: string, instanceId: string): string | null {
  try {
    const own = findOwnCgroup();
    if (own === null) return null;
    const folder = join(own, cgroupName(cloudFolder, instanceId));
    mkdirSync(folder, { recursive: true });
    // Moving a process requires write access here, in our cgroup and in its current one.
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK);
    accessSync(join(own, 'cgroup.procs'), constants.W_OK);
    return folder;
  } catch {
    return null;
  }
}

/** The folder of this process's own cgroup, version 2; null where none is mounted. */
function findOwnCgroup(): string | null {
  const path = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (path === undefined) return null;
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    if (!after.startsWith('cgroup2 ')) continue;
    const [, , , root = '/', mountPoint = ''] = before.split(' ');
    const below = root === '/' ? path : path.startsWith(root) ? path.slice(root.length) : null;
    if (below === null) continue;
    const folder = join(mountPoint.replaceAll('\\040', ' '), below);
    if (existsSync(join(folder, 'cgroup.procs'))) return folder;
  }
  return null;
}

/** Nearly every Linux has perl, and it can make this system call without a program of ours. */
function findInit(): { readonly perl: string; readonly prctl: number } | null {
  const prctl = PRCTL[process.arch];
  const perl = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'perl'))
    .find((file) => file.startsWith('/') && existsSync(file));
  return prctl === undefined || perl === undefined ? null : { perl, prctl };
}

/** The path of the local cloud is part of the name: different local clouds use the same ids. */
function cgroupName(cloudFolder: string, instanceId: string): string {
  const cloud = createHash('sha256').update(cloudFolder).digest('hex').slice(0, 12);
  return `windlass-${cloud}-${instanceId}`;
}
