import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isRunning, readStartTime } from '../config/index.ts';

/** Held until released, or until its process has died. */
export interface ProcessLock {
  release(): void;
}

/** The holder of a lock that could not be had. */
export interface LockHolder {
  readonly holderPid: number;
}

const TAKEOVER_LIMIT_MS = 5_000;

/**
 * Takes a lock file for this process, or says who has it. It names its holder by pid and start
 * time, so a lock whose holder was killed is free again, at once and also after a reboot.
 */
export function acquireProcessLock(file: string): ProcessLock | LockHolder {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  const text = JSON.stringify({ pid: process.pid, startTime: readStartTime(process.pid) });
  writeFileSync(own, text, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link appears with its content, so that half a lock is never read.
        linkSync(own, file);
        return { release: () => releaseLock(file, text) };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const holder = readHolder(file);
      if (holder !== null && isRunning(holder)) return { holderPid: holder.pid };
      removeStale(file);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function releaseLock(file: string, text: string): void {
  try {
    if (readFileSync(file, 'utf8') === text) rmSync(file, { force: true });
  } catch {
    // Already gone.
  }
}

function readHolder(file: string): { pid: number; startTime: string } | null {
  try {
    const holder: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !('startTime' in holder))
      return null;
    return typeof holder.pid === 'number' && typeof holder.startTime === 'string'
      ? { pid: holder.pid, startTime: holder.startTime }
      : null;
  } catch {
    return null;
  }
}

/** Removes a dead holder's lock; one remover at a time, and each reads it again, so that no new lock is removed. */
function removeStale(file: string): void {
  const guard = `${file}.takeover`;
  try {
    mkdirSync(guard);
  } catch {
    try {
      if (Date.now() - statSync(guard).mtimeMs > TAKEOVER_LIMIT_MS) rmdirSync(guard);
    } catch {
      // The other remover has ended.
    }
    return;
  }
  try {
    const holder = readHolder(file);
    if (holder === null || !isRunning(holder)) rmSync(file, { force: true });
  } finally {
    rmdirSync(guard);
  }
}
