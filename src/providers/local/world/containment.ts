import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { readdir, rmdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { hasErrno } from './files.ts';

/**
 * What keeps the processes of an instance together, strongest first. `cgroup`: the kernel knows them all, and
 * ends them all. `init`: whatever loses its parent becomes a child of the machine's init, so that everything
 * descends from it. `marks`: only what still has its environment, its parents or its folder is known.
 */
export type ContainmentKind = 'cgroup' | 'init' | 'marks';

/** How a machine is to be started, or was. */
export interface Containment {
  readonly kind: ContainmentKind;
  /** Folder of the cgroup; empty for the other kinds. */
  readonly cgroup: string;
}

/** Carried by the machine's init alone, not by what it starts. */
export const INIT_MARKER = 'WINDLASS_INIT';

/** The number of prctl(2), by what uname says of the machine. */
const PRCTL: Readonly<Record<string, number>> = { x64: 157, arm64: 167, riscv64: 167, loong64: 167 };

/** Sets PR_SET_CHILD_SUBREAPER, starts the machine, and collects what ends until nothing is left. */
const INIT_PROGRAM = `
my $number = shift @ARGV;
syscall($number, 36, 1, 0, 0, 0);
my $machine = fork;
if (defined $machine && $machine == 0) { delete $ENV{${INIT_MARKER}}; exec { $ARGV[0] } @ARGV or exit 127 }
1 while wait() != -1;
`;

/** Enters the cgroup before the program exists, so that nothing of it was ever outside. */
const ENTER_CGROUP = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"';

/** A command line that starts the machine inside its containment. */
export interface ContainedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The strongest that this machine and this user have, not above `strongest`. A cgroup is made for the instance. */
export function prepareContainment(
  worldFolder: string,
  instanceId: string,
  strongest: ContainmentKind,
): Containment {
  if (process.platform !== 'linux' || strongest === 'marks') return { kind: 'marks', cgroup: '' };
  const cgroup = strongest === 'cgroup' ? makeCgroup(worldFolder, instanceId) : null;
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

/** Which instance of a world the cgroup of a process says; null for none. `text` is its /proc/…/cgroup. */
export function ownerByCgroup(worldFolder: string, text: string): string | null {
  const path = /^0::(.*)$/m.exec(text)?.[1] ?? '';
  const prefix = `/${cgroupName(worldFolder, '')}`;
  const at = path.indexOf(prefix);
  return at < 0 ? null : (path.slice(at + prefix.length).split('/')[0] ?? null);
}

/** Ends everything in a cgroup and below it, whoever it runs as. What the kernel is too old for is left to signals. */
export async function killCgroup(cgroup: string): Promise<void> {
  await writeFile(join(cgroup, 'cgroup.kill'), '1').catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ENODEV', 'EROFS')) throw error;
  });
}

/** Takes an empty cgroup away, with those that its processes have made below. */
export async function removeCgroup(cgroup: string): Promise<void> {
  const below = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  for (const entry of below) if (entry.isDirectory()) await removeCgroup(join(cgroup, entry.name));
  // What is still ending is away with the next stop; a reboot forgets all of them.
  await rmdir(cgroup).catch(() => undefined);
}

function makeCgroup(worldFolder: string, instanceId: string): string | null {
  try {
    const own = findOwnCgroup();
    if (own === null) return null;
    const folder = join(own, cgroupName(worldFolder, instanceId));
    mkdirSync(folder, { recursive: true });
    // To move a process takes the right to write here, in ours and in that where it is.
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

/** Perl, which nearly every Linux has and which alone can ask the kernel without a program of ours. */
function findInit(): { readonly perl: string; readonly prctl: number } | null {
  const prctl = PRCTL[process.arch];
  const perl = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'perl'))
    .find((file) => file.startsWith('/') && existsSync(file));
  return prctl === undefined || perl === undefined ? null : { perl, prctl };
}

/** The world's path is part of the name: ids are the same in every world. */
function cgroupName(worldFolder: string, instanceId: string): string {
  const world = createHash('sha256').update(worldFolder).digest('hex').slice(0, 12);
  return `windlass-${world}-${instanceId}`;
}
