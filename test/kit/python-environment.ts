import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findCacheFolder } from '../../src/config/index.ts';
import { acquireProcessLock } from '../../src/embedded/process-lock.ts';

const runFile = promisify(execFile);

const INSTALL_LIMIT_MS = 20 * 60_000;
const LOCK_POLL_MS = 500;

/** The reason of a skip if `findPythonEnvironment` found no Python. */
export const NO_PYTHON = 'no Python with venv is installed';

/** Packages from PyPI that tests need. */
export interface PythonEnvironment {
  /** Name of its folder in the cache. */
  readonly name: string;
  /** File of pinned versions with the digests of their files. */
  readonly requirements: string;
}

/**
 * The Python of a virtual environment in the tools cache that holds exactly the required packages. pip
 * checks every file against its digest and accepts no others. Created once for each content of the file
 * and version of Python; several processes at the same time create it once, and one that died leaves
 * nothing that counts.
 *
 * Null if there is no Python with venv. @throws the errors of pip.
 */
export async function findPythonEnvironment({
  name,
  requirements,
}: PythonEnvironment): Promise<string | null> {
  const version = await readPythonVersion();
  if (version === null) return null;
  const digest = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex');
  const cache = join(findCacheFolder(process.env), 'python');
  const folder = join(cache, `${name}-${digest.slice(0, 16)}`);
  const python = join(folder, 'bin', 'python');
  const finished = join(folder, 'finished');
  if (existsSync(finished)) return python;
  mkdirSync(cache, { recursive: true });
  const lock = await takeLock(join(cache, `${name}.lock`));
  try {
    // The process that had the lock before may have created it.
    if (existsSync(finished)) return python;
    rmSync(folder, { recursive: true, force: true });
    await runFile('python3', ['-m', 'venv', folder], { timeout: INSTALL_LIMIT_MS });
    const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--only-binary=:all:'];
    await runFile(
      python,
      ['-m', 'pip', 'install', ...options, '--require-hashes', '--requirement', requirements],
      {
        timeout: INSTALL_LIMIT_MS,
        maxBuffer: 64 * 1_024 * 1_024,
      },
    );
    writeFileSync(finished, '');
    return python;
  } finally {
    lock.release();
  }
}

/** Python's full version and path; null if there is none, or one without venv and pip. */
async function readPythonVersion(): Promise<string | null> {
  try {
    const code = 'import ensurepip, sys, venv; print(sys.base_prefix, sys.version)';
    return (await runFile('python3', ['-c', code])).stdout;
  } catch {
    return null;
  }
}

async function takeLock(file: string): Promise<{ release(): void }> {
  for (;;) {
    const lock = acquireProcessLock(file);
    if ('release' in lock) return lock;
    await sleep(LOCK_POLL_MS);
  }
}
