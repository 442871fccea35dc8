import { readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStartTime } from '../config/index.ts';

/**
 * Makes a folder among the temporary ones that only this user can enter. Its name says which process it is of, so
 * that `sweepTemporaryFolders` finds it when that process was killed. Whoever makes it removes it.
 */
export async function makeTemporaryFolder(purpose: string): Promise<string> {
  const { pid } = process;
  const owner = [pid, toWord(readStartTime(pid) ?? ''), readNamespace()].join('-');
  return mkdtemp(join(tmpdir(), `windlass-${purpose}-${owner}-`));
}

/** Removes those of this user and purpose whose process is gone; what cannot be removed stays. */
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
    // Of another container over the same folder: its numbers mean nothing here.
    if (pid === undefined || namespace !== readNamespace()) continue;
    if (startTime === toWord(readStartTime(Number(pid)) ?? '')) continue;
    const folder = join(tmpdir(), name);
    try {
      if (statSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Gone meanwhile.
    }
  }
}

/** Which numbers of processes these are: those of a container are its own. */
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
