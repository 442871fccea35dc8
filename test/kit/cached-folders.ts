import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findCacheFolder } from '../../src/config/index.ts';

/**
 * Copies a folder that is costly to create, with its modes and owners: it is created once, by `make`, and
 * cached under `name`, which must change with everything that its content depends on. `make` gets a path
 * that does not exist yet, below a folder which other accounts can enter.
 */
export async function copyCachedFolder(
  name: string,
  target: string,
  make: (folder: string) => Promise<void>,
): Promise<void> {
  const kept = join(findCacheFolder(process.env), 'test-folders', name);
  if (!existsSync(kept)) await keep(kept, make);
  execFileSync('cp', ['-a', kept, target]);
}

/** Two processes that do it at the same time both leave a complete folder. */
async function keep(kept: string, make: (folder: string) => Promise<void>): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'windlass-kept-'));
  const copy = `${kept}.${process.pid}`;
  try {
    await make(join(work, 'made'));
    mkdirSync(dirname(kept), { recursive: true });
    execFileSync('cp', ['-a', join(work, 'made'), copy]);
    // A rename does not replace a folder that is not empty: then the other process' folder is just as
    // good.
    if (!existsSync(kept)) renameSync(copy, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
  } finally {
    for (const folder of [work, copy]) rmSync(folder, { recursive: true, force: true });
  }
}
