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
 *   `env`: for children, with the right Node first on the PATH
 */
async function prepare(root) {
  if (Number(process.versions.node.split('.')[0]) < MINIMUM_LAUNCHER_NODE) {
    throw new SetUpError(
      `Node ${process.versions.node} is too old even for the set-up`,
      'install Node 18 or newer (24 is best)',
    );
  }
  const cache = findCacheFolder();
  const node = await findNode({ cache, env: process.env, report });
  const env = {
    ...process.env,
    PATH: `${path.dirname(node.executable)}${path.delimiter}${process.env.PATH || ''}`,
  };
  // An installed package brings its dependencies; a clone has its sources and installs them itself.
  if (fs.existsSync(path.join(root, 'src')) && fs.existsSync(path.join(root, 'package-lock.json'))) {
    await ensureDependencies({ root, cache, env, nodeMajor: node.major, report });
  }
  return { node, env };
}

module.exports = { prepare };
