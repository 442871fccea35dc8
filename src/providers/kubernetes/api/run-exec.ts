import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WindlassError } from '../../../domain/index.ts';
import type { ExecPlugin } from './exec-forms.ts';
import { readToken, type ClientCertificate } from './kube-access.ts';
import { readCertificates, readPrivateKey } from './read-pem.ts';

/** What a plugin returned, and until when it is valid. */
export interface ExecAnswer {
  readonly token: string | null;
  readonly certificate: ClientCertificate | null;
  /** Milliseconds since 1970; null where the plugin does not say. */
  readonly expiresAtMs: number | null;
}

const LIMIT_MS = 30_000;
const MAX_OUTPUT_BYTES = 256 * 1024;

/**
 * Runs the plugin without a shell, in an environment of its own variables, the worker's PATH and an empty
 * HOME folder that is removed afterwards. It is killed after 30 s, or when it writes more than 256 KiB.
 *
 * @throws permission `KUBERNETES_EXEC_FAILED`. Its output may hold a token, so the error says only that it
 * failed.
 */
export async function runExecPlugin(plugin: ExecPlugin, limitMs = LIMIT_MS): Promise<ExecAnswer> {
  const home = await mkdtemp(join(tmpdir(), 'windlass-exec-'));
  try {
    return readAnswer(await run(plugin, home, limitMs));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function run({ command, args, env }: ExecPlugin, home: string, limitMs: number): Promise<string> {
  const child = spawn(command, args, {
    cwd: home,
    env: { ...env, HOME: home, TMPDIR: home, ...pathOfWorker() },
    stdio: ['ignore', 'pipe', 'ignore'],
    // A process group of its own: the processes that it starts end with it.
    detached: true,
    shell: false,
  });
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Already ended.
    }
  };
  let why = '';
  const giveUp = (reason: string): void => {
    why = reason;
    kill();
    // A child process that has left the group may keep the pipe open.
    child.stdout.destroy();
  };
  const timer = setTimeout(() => giveUp(`it took longer than ${limitMs / 1000} s`), limitMs);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) giveUp(`it wrote more than ${MAX_OUTPUT_BYTES / 1024} KiB`);
      else chunks.push(chunk);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (why !== '') throw failed(why);
    if (code !== 0) throw failed(code === null ? 'it was killed' : `it ended with exit code ${code}`);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (WindlassError.isInstance(error)) throw error;
    throw failed(isMissing(error) ? 'it is not installed where the worker runs' : 'it cannot be started');
  } finally {
    clearTimeout(timer);
    kill();
  }
}

function pathOfWorker(): Readonly<Record<string, string>> {
  const path = process.env['PATH'];
  return path === undefined ? {} : { PATH: path };
}

function readAnswer(text: string): ExecAnswer {
  let status: Readonly<Record<string, unknown>> = {};
  try {
    const answer = JSON.parse(text) as { readonly status?: Readonly<Record<string, unknown>> } | null;
    status = answer?.status ?? {};
  } catch {
    throw failed('its answer is not an ExecCredential');
  }
  const word = (name: string): string => (typeof status[name] === 'string' ? status[name] : '');
  const token = readToken(word('token'));
  const certificate = readCertificates(word('clientCertificateData'));
  const key = readPrivateKey(word('clientKeyData'));
  const pair = certificate === null || key === null ? null : { certificate, key };
  if (token === null && pair === null) throw failed('its answer holds no token and no certificate');
  const expiresAtMs = Date.parse(word('expirationTimestamp'));
  return { token, certificate: pair, expiresAtMs: Number.isNaN(expiresAtMs) ? null : expiresAtMs };
}

function failed(why: string): WindlassError {
  return new WindlassError('permission', `the credential’s plugin returned no token: ${why}`, {
    code: 'KUBERNETES_EXEC_FAILED',
    field: 'credential',
    hint: 'run it by hand on the worker’s machine, with the same variables and an empty home folder',
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
