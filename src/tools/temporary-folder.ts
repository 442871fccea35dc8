import { readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStartTime } from '../config/index.ts';

/**
 * Creates a temporary folder that only this user can enter. Its name identifies its process, so that
 * `sweepTemporaryFolders` finds it if that process was killed. The caller removes it.
 */
export async function makeTemporaryFolder(purpose: string): Promise<string> {
  const { pid } = process;
  const owner = [pid, toWord(readStartTime(pid) ?? ''), readNamespace()].join('-');
  return mkdtemp(join(tmpdir(), `windlass-${purpose}-${owner}-`));
}

/**
 * Removes the folders of this user and purpose whose process is gone; a folder that cannot be removed
 * stays.
 */
export function sweepTemporaryFolders(purpose: string): void {
  const pattern = new RegExp(`^windlass-${purpose}-(\\d+)-([^-]*)-([^-]*)-[^-]+$`);
  let names: readonly string[];
  try {
    names = readdirSync(tmpdir());
  } catch {
    return;
  }
  for (const name of names) {
    const [, pid, startTime = '', namespace = ''] = pattern.exec(name) ?? [];
    // It belongs to another container that shares the folder: its process ids mean nothing here.
    if (pid === undefined || namespace !== readNamespace()) continue;
    if (startTime === toWord(readStartTime(Number(pid)) ?? '')) continue;
    const folder = join(tmpdir(), name);
    try {
      if (statSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Removed meanwhile.
    }
  }
}

/** The process id namespace: a container has its own. */
function readNamespace(): string {
  try {
    return toWord(readlinkSync('/proc/self/ns/pid'));
  } catch {
    return '';
  }
}

function toWord(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, '');
}
