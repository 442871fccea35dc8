'use strict';
const os = require('node:os');
const path = require('node:path');

/** Where downloaded tools are kept; may be deleted at any time. The same rule as in src/config. */
function findCacheFolder(env = process.env) {
  if (env.WINDLASS_CACHE) return path.resolve(env.WINDLASS_CACHE);
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'windlass');
  if (process.platform === 'win32' && env.LOCALAPPDATA)
    return path.join(env.LOCALAPPDATA, 'windlass', 'Cache');
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'windlass');
}

module.exports = { findCacheFolder };
