import { spawn } from 'node:child_process';
import { MAX_HELM_MEMORY_BYTES, MAX_HELM_OUTPUT_CHARACTERS, WindlassError } from '../../../domain/index.ts';
import { readMemoryBelow } from './process-memory.ts';

/** The helm program that a worker uses. */
export interface HelmProgram {
  readonly path: string;
  /** e.g. `4.3.1` */
  readonly version: string;
  /** The dialect of the command line that it uses; Helm 3 is supported until February 2027. */
  readonly major: 3 | 4;
}

/** Finds helm, or installs it; called when the first chart is used. */
export type FindHelm = () => Promise<HelmProgram>;

/**
 * The option that makes helm take over fields that others have set since, e.g. counts that a stop has set.
 * Helm 4 uses server-side apply, which otherwise refuses; helm 3 sends patches, which always overwrite.
 */
export function takeOverArguments({ major }: HelmProgram): readonly string[] {
  return major === 4 ? ['--force-conflicts'] : [];
}

export interface HelmRun {
  readonly program: HelmProgram;
  /** No secret: every user of the machine can read a command line. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** The timeout; helm is killed when it expires. */
  readonly timeoutMs: number;
  /** The most memory that it may use; MAX_HELM_MEMORY_BYTES if absent. */
  readonly memoryBytes?: number;
}

export interface HelmResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const KILL_AFTER_MS = 2_000;
/** A chart can allocate some hundred MB in this time. */
const MEMORY_POLL_MS = 100;

// Helm must not outlive the worker that started it: `cat` ends when the worker's end of the pipe is
// closed, however the worker died, and then helm is killed.
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- &
helm=$!
{ cat <&3 >/dev/null; kill -9 "$helm"; } >/dev/null 2>&1 &
guard=$!
exec 3<&-
trap 'kill -TERM "$helm"' TERM
wait "$helm"
code=$?
while kill -0 "$helm" 2>/dev/null; do wait "$helm"; code=$?; done
kill "$guard" 2>/dev/null
exit "$code"
`;

/**
 * Runs helm and waits until it ends. When the signal is aborted, helm gets SIGTERM, so that it can record
 * its progress, and then SIGKILL; it is killed at once when this process dies or when it uses too much
 * memory.
 *
 * @throws cancelled; invalid-input `HELM_MEMORY`, `HELM_OUTPUT`; timeout `HELM_TIMEOUT`; unavailable
 * `HELM_START` when it cannot be started, `HELM_KILLED`.
 */
export async function runHelm(run: HelmRun): Promise<HelmResult> {
  const { program, args, env, cwd, signal, timeoutMs, memoryBytes = MAX_HELM_MEMORY_BYTES } = run;
  const limit = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, limit]);
  if (signal.aborted) throw cancelled(signal);
  const guarded = process.platform !== 'win32';
  const child = guarded
    ? spawn('/bin/sh', ['-c', GUARD, 'sh', program.path, ...args], {
        env,
        cwd,
        stdio: 'pipe',
        detached: true,
      })
    : spawn(program.path, args, { env, cwd, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  let saysTooMuch = false;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      if (output[name].length <= MAX_HELM_OUTPUT_CHARACTERS) output[name] += text;
      else saysTooMuch = true;
    });
  }
  const kill = (how: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      // The process group: the guard, helm and helm's child processes.
      if (guarded) process.kill(-child.pid, how);
      else child.kill(how);
    } catch {
      // Already ended.
    }
  };
  let killTimer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    if (child.pid !== undefined && guarded) child.kill('SIGTERM');
    else kill('SIGTERM');
    killTimer = setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
  };
  ended.addEventListener('abort', onAbort, { once: true });
  let tookTooMuch = false;
  const memoryTimer = setInterval(() => {
    if (child.pid === undefined || readMemoryBelow(child.pid) <= memoryBytes) return;
    tookTooMuch = true;
    kill('SIGKILL');
  }, MEMORY_POLL_MS);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 137));
      child.stdin.on('error', () => {});
    });
    if (signal.aborted) throw cancelled(signal);
    if (tookTooMuch) throw tooMuchMemory(args[0] ?? '', memoryBytes);
    if (saysTooMuch) throw tooMuchOutput(args[0] ?? '');
    if (limit.aborted) {
      throw new WindlassError(
        'timeout',
        `helm ${args[0] ?? ''} took longer than ${Math.round(timeoutMs / 1000)} s`,
        {
          code: 'HELM_TIMEOUT',
          hint: 'a hook of the chart may be waiting for something: windlass cluster describe CLUSTER --refresh',
        },
      );
    }
    // A shell's exit code for a program that was killed: the next attempt checks how far it came, and
    // continues from there.
    if (exitCode > 128) throw killed(args[0] ?? '', exitCode - 128);
    return { exitCode, ...output };
  } catch (error) {
    if (WindlassError.isInstance(error)) throw error;
    throw new WindlassError('unavailable', `helm cannot be started: ${codeOf(error)}`, {
      code: 'HELM_START',
      hint: `is ${program.path} a program that can run on this machine?`,
    });
  } finally {
    clearTimeout(killTimer);
    clearInterval(memoryTimer);
    ended.removeEventListener('abort', onAbort);
    child.stdin.destroy();
  }
}

function cancelled(signal: AbortSignal): WindlassError {
  return new WindlassError('cancelled', 'helm was stopped because the call was cancelled', {
    code: 'CANCELLED',
    cause: signal.reason,
  });
}

function tooMuchMemory(verb: string, memoryBytes: number): WindlassError {
  return new WindlassError(
    'invalid-input',
    `helm ${verb} used more than ${Math.round(memoryBytes / 1024 / 1024)} MiB of memory, the most that a chart may use`,
    {
      code: 'HELM_MEMORY',
      hint: 'check how much the chart’s templates and values generate: run helm template on your own machine',
    },
  );
}

function tooMuchOutput(verb: string): WindlassError {
  return new WindlassError(
    'invalid-input',
    `helm ${verb} printed more than ${MAX_HELM_OUTPUT_CHARACTERS} characters, the most that a chart may render`,
    {
      code: 'HELM_OUTPUT',
      hint: 'split it into several charts: helm cannot store the record of such a release either',
    },
  );
}

function killed(verb: string, signal: number): WindlassError {
  return new WindlassError('unavailable', `helm ${verb} was killed by signal ${signal}`, {
    code: 'HELM_KILLED',
    hint: 'another process killed it, or the worker’s machine has too little memory',
  });
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
