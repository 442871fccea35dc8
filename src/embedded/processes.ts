import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isRunning, type ProcessIdentity, readStartTime } from '../config/index.ts';

/** A process that outlives its parent, as it is written down. */
export interface ProcessRecord extends ProcessIdentity {
  /** Where it serves. */
  readonly address: string;
}

const recordSchema = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  address: z.string(),
});

export function createRecord(pid: number, address: string): ProcessRecord {
  return { pid, startTime: readStartTime(pid) ?? '', address };
}

/** Null where there is none, or none that can be understood. */
export function readRecord(file: string): ProcessRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

export function writeRecord(file: string, record: ProcessRecord): void {
  writeWhole(file, record);
}

/** A reader sees the old or the new file, never half of one; only the owner reads it. */
export function writeWhole(file: string, value: unknown): void {
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(value), { mode: 0o600 });
  renameSync(aside, file);
}

export function deleteRecord(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Ends a process: asked first, killed when it has not gone after `graceMs`. Only the very process
 * of the record is touched. Resolves when it is gone.
 */
export async function endProcess(record: ProcessIdentity, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  for (let signal: NodeJS.Signals | null = 'SIGTERM'; isRunning(record);) {
    if (signal !== null) {
      try {
        process.kill(record.pid, signal);
      } catch {
        // Gone in between; the next look says so.
      }
    }
    signal = Date.now() > deadline ? 'SIGKILL' : null;
    await sleep(25);
  }
}
