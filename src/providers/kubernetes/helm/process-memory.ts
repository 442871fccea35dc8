import { readFileSync } from 'node:fs';

/**
 * The memory of all descendant processes of a process, in bytes; 0 if the system does not provide it (it
 * is read from Linux' /proc).
 */
export function readMemoryBelow(pid: number): number {
  return readChildren(pid).reduce((sum, child) => sum + readMemory(child) + readMemoryBelow(child), 0);
}

function readChildren(pid: number): readonly number[] {
  return readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function readMemory(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`)) ?? [];
  return Number(kibibytes) * 1024;
}

/** A process may end between two reads. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
