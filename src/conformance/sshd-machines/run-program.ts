import { execFile } from 'node:child_process';

/** How a program of this host ended well: what it wrote. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 60_000;

/** Runs a program of this host to its end. @throws Error with what it wrote to stderr, for another exit code than 0. */
export function runProgram(
  program: string,
  values: readonly string[],
  input?: string,
): Promise<ProgramOutput> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      values,
      {
        encoding: 'utf8',
        timeout: LIMIT_MS,
        maxBuffer: 64 * 1_024 * 1_024,
        env: { PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr });
        else reject(new Error(`${program} failed: ${stderr.trim() || error.message}`, { cause: error }));
      },
    );
    child.stdin?.on('error', () => {}); // It need not read what it is given.
    child.stdin?.end(input);
  });
}
