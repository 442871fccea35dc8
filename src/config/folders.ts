import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The environment as given; absent and empty mean the same. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** State: `WINDLASS_HOME`, otherwise the platform's folder for user data. */
export function findHomeFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (env['WINDLASS_HOME']) return resolve(env['WINDLASS_HOME']);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'windlass');
  if (platform === 'win32' && env['LOCALAPPDATA']) return join(env['LOCALAPPDATA'], 'windlass', 'Data');
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'windlass');
}

/**
 * Downloaded tools: `WINDLASS_CACHE`, otherwise the platform's cache folder. The launcher in bin/ has the
 * same rule.
 */
export function findCacheFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (env['WINDLASS_CACHE']) return resolve(env['WINDLASS_CACHE']);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'windlass');
  if (platform === 'win32' && env['LOCALAPPDATA']) return join(env['LOCALAPPDATA'], 'windlass', 'Cache');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'windlass');
}
