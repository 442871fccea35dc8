import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findCacheFolder } from '../../src/config/index.ts';
import { acquireProcessLock } from '../../src/embedded/process-lock.ts';

const runFile = promisify(execFile);

const BUILD_LIMIT_MS = 30 * 60_000;
const LOCK_POLL_MS = 500;

/** The reason of a skip if `buildGoTool` found no Go. */
export const NO_GO = 'no Go is installed';

/** A Go program that tests need. */
export interface GoTool {
  /** Name of its folder and of its binary. */
  readonly name: string;
  /** Where its folder is; `test/kit/tools` by default. */
  readonly folder?: string;
  /** In the form of `go build -ldflags`; part of the cache's key. */
  readonly ldflags?: string;
}

/**
 * The binary of `test/kit/tools/<name>`, a Go module of its own: go.mod, a complete go.sum, and either a
 * main package or, in go.mod, one `tool` directive that names the package to build. It is built once for
 * each content of that folder, into the tools cache; Go checks every module against go.sum and may add
 * nothing to it. Several processes at the same time build it once.
 *
 * Null if there is no Go. @throws the errors of the build.
 */
export async function buildGoTool({
  name,
  folder = toolsFolder(),
  ldflags = '',
}: GoTool): Promise<string | null> {
  const source = join(folder, name);
  const cache = join(findCacheFolder(process.env), 'go-tools');
  const binary = join(cache, `${name}-${hashSources(source, ldflags)}`, name);
  if (existsSync(binary)) return binary;
  if (!(await hasGo())) return null;
  const lock = await takeLock(join(cache, `${name}.lock`));
  try {
    // The process that had the lock before may have built it.
    if (!existsSync(binary)) await build(source, binary, ldflags);
  } finally {
    lock.release();
  }
  return binary;
}

async function build(source: string, binary: string, ldflags: string): Promise<void> {
  const place = join(binary, '..');
  mkdirSync(place, { recursive: true });
  const work = mkdtempSync(join(place, 'build-'));
  try {
    const aside = join(work, 'binary');
    const what = existsSync(join(source, 'main.go')) ? '.' : 'tool';
    const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', `-s -w ${ldflags}`];
    await runFile('go', [...args, '-o', aside, what], {
      cwd: source,
      // A developer's settings for other modules must not affect this build.
      env: { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOWORK: 'off' },
      timeout: BUILD_LIMIT_MS,
      maxBuffer: 64 * 1_024 * 1_024,
    });
    renameSync(aside, binary);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function takeLock(file: string): Promise<{ release(): void }> {
  for (;;) {
    const lock = acquireProcessLock(file);
    if ('release' in lock) return lock;
    await sleep(LOCK_POLL_MS);
  }
}

async function hasGo(): Promise<boolean> {
  try {
    await runFile('go', ['version']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

function hashSources(source: string, ldflags: string): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${ldflags}\n`);
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) {
    const content = readFileSync(file);
    hash.update(`${file.slice(source.length)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

function toolsFolder(): string {
  return fileURLToPath(new URL('tools', import.meta.url));
}
