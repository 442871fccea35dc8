import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** How a command line ended. */
export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Runs the real command as a process of its own, to its end. */
export async function runCli(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  options: { readonly input?: string; readonly before?: readonly string[] } = {},
): Promise<CliRun> {
  const [program = process.execPath, ...rest] = [...(options.before ?? []), process.execPath, MAIN, ...args];
  const started = performance.now();
  const child = spawn(program, rest, { env, stdio: 'pipe' });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  child.stdin.end(options.input ?? '');
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  return { exitCode, stdout: stdout.join(''), stderr: stderr.join(''), seconds };
}
