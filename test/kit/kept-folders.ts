import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findCacheFolder } from '../../src/config/index.ts';

/**
 * Copies a folder that is costly to make, with its modes and owners: it is made once, by `make`, and kept
 * in the cache under `name`, which changes with whatever its content depends on. `make` gets a place
 * that is not there yet, below a folder which other accounts can enter.
 */
export async function copyKeptFolder(
  name: string,
  target: string,
  make: (folder: string) => Promise<void>,
): Promise<void> {
  const kept = join(findCacheFolder(process.env), 'test-folders', name);
  if (!existsSync(kept)) await keep(kept, make);
  execFileSync('cp', ['-a', kept, target]);
}

/** Two that do it at once both leave a whole one. */
async function keep(kept: string, make: (folder: string) => Promise<void>): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'windlass-kept-'));
  const copy = `${kept}.${process.pid}`;
  try {
    await make(join(work, 'made'));
    mkdirSync(dirname(kept), { recursive: true });
    execFileSync('cp', ['-a', join(work, 'made'), copy]);
    // A folder is not renamed over one that holds something: then the other's is as good.
    if (!existsSync(kept)) renameSync(copy, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
  } finally {
    for (const folder of [work, copy]) rmSync(folder, { recursive: true, force: true });
  }
}
