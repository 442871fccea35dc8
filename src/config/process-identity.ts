import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, identified permanently: pid and start time, because pids are reused. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/**
 * When a process was started, in the platform's own notation; null if there is none (or it is dead and not
 * yet reaped).
 */
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

/** Whether this same process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  const startTime = readStartTime(identity.pid);
  return startTime !== null && startTime === identity.startTime;
}
