import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { claimPrivateFolder } from './private-folder.ts';

const contextSchema = z.object({ profile: z.string().min(1) });

/** The profile of temporal.toml that `windlass context use` has chosen for a home folder; null where none is. */
export function readChosenProfile(home: string): string | null {
  try {
    return contextSchema.parse(JSON.parse(readFileSync(contextFile(home), 'utf8'))).profile;
  } catch {
    return null;
  }
}

/**
 * Chooses a profile for all later commands of a home folder; null removes the choice.
 * @throws permission `FOLDER_UNSAFE`
 */
export function writeChosenProfile(home: string, profile: string | null): void {
  const file = contextFile(home);
  if (profile === null) {
    rmSync(file, { force: true });
    return;
  }
  claimPrivateFolder(home, 'WINDLASS_HOME');
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify({ profile })}\n`, { mode: 0o600 });
  renameSync(aside, file);
}

function contextFile(home: string): string {
  return join(home, 'context.json');
}
