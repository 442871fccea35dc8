'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { ensureDependencies } = require('./dependencies.js');
const { findCacheFolder } = require('./folders.js');
const { findNode } = require('./node-runtime.js');
const { SetUpError } = require('./set-up-error.js');

const MINIMUM_LAUNCHER_NODE = 18;

function report(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/**
 * Everything that must be there before windlass itself can run.
 * @returns {Promise<{ node: { executable: string, own: boolean }, env: NodeJS.ProcessEnv }>}
 *   `env`: for children, with the right Node first on the PATH and a place for compiled code
 */
async function prepare(root) {
  if (Number(process.versions.node.split('.')[0]) < MINIMUM_LAUNCHER_NODE) {
    throw new SetUpError(
      `Node ${process.versions.node} is too old even for the set-up`,
      'install Node 18 or newer (24 is best)',
    );
  }
  const cache = findCacheFolder();
  claimCacheFolder(cache);
  const node = await findNode({ cache, env: process.env, report });
  const env = {
    ...process.env,
    PATH: `${path.dirname(node.executable)}${path.delimiter}${process.env.PATH || ''}`,
    // Half of the CPU time of a start is the compilation of what it imports: Node keeps the result here.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || path.join(cache, 'compiled'),
  };
  // An installed package brings its dependencies; a clone has its sources and installs them itself.
  if (fs.existsSync(path.join(root, 'src')) && fs.existsSync(path.join(root, 'package-lock.json'))) {
    await ensureDependencies({ root, cache, env, nodeMajor: node.major, report });
  }
  return { node, env };
}

/**
 * The programs in the cache are run: no other user may write there. Like src/config/private-folder.ts, which
 * checks more when windlass itself starts.
 */
function claimCacheFolder(cache) {
  try {
    fs.mkdirSync(cache, { recursive: true, mode: 0o700 });
    if (process.getuid === undefined) return;
    const { uid, mode } = fs.statSync(cache);
    if (uid === process.getuid() && (mode & 0o077) !== 0) fs.chmodSync(cache, 0o700);
    else if (uid !== process.getuid() && (uid !== 0 || (mode & 0o022) !== 0)) {
      throw new SetUpError(
        `the cache ${cache} belongs to another user`,
        'set WINDLASS_CACHE to a folder of yours',
      );
    }
  } catch (error) {
    if (error instanceof SetUpError) throw error;
    throw new SetUpError(
      `the cache ${cache} cannot be made (${error.code})`,
      'set WINDLASS_CACHE to a folder of yours',
    );
  }
}

module.exports = { prepare };
