import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** A process that outlives its parent, as it is written down: pid and start time, because pids are used again. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string;
  /** Where it serves. */
  readonly address: string;
}

const recordSchema = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  address: z.string(),
});

/** When a process was started, in the platform's own notation; null when there is none (or it is dead and not yet collected). */
export function readStartTime(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name may hold spaces and brackets; fields are counted after its last bracket.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    } catch {
      return null;
    }
  }
  try {
    const text = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() === '' || text.trim().startsWith('Z') ? null : text.trim().replace(/^\S+\s+/, '');
  } catch {
    return null;
  }
}

/** Whether the very process of the record still runs. */
export function isRunning(record: Pick<ProcessRecord, 'pid' | 'startTime'>): boolean {
  const startTime = readStartTime(record.pid);
  return startTime !== null && startTime === record.startTime;
}

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
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(record), { mode: 0o600 });
  renameSync(aside, file);
}

export function deleteRecord(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Ends a process: asked first, killed when it has not gone after `graceMs`. Only the very process
 * of the record is touched. Resolves when it is gone.
 */
export async function endProcess(
  record: Pick<ProcessRecord, 'pid' | 'startTime'>,
  graceMs: number,
): Promise<void> {
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
