'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { runNpm } = require('./npm.js');
const { SetUpError, summarizeOutput, isNetworkFailure } = require('./set-up-error.js');
const { withSetUpLock } = require('./set-up-lock.js');

/** What the installed tree depends on: another lock file, platform or major version of Node wants another tree. */
function computeStamp(root, nodeMajor) {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  return crypto
    .createHash('sha256')
    .update(lock)
    .update(`\n${process.platform}-${process.arch}\n${nodeMajor}\n`)
    .digest('hex');
}

function readStamp(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Whether another program (a plain `npm ci`) has installed exactly what the lock file says: npm
 * writes what it installed into the tree. Saves an install, and keeps a tree that is in use.
 */
function isInstalledByHand(root) {
  let installed;
  let locked;
  try {
    installed = JSON.parse(
      fs.readFileSync(path.join(root, 'node_modules', '.package-lock.json'), 'utf8'),
    ).packages;
    locked = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  for (const [name, entry] of Object.entries(locked)) {
    if (name === '') continue;
    const found = installed[name];
    if (found === undefined ? !entry.optional && !entry.peer : found.integrity !== entry.integrity)
      return false;
  }
  return true;
}

/**
 * Installs a clone's dependencies by `npm ci`, unless they are there. After a failure or an
 * interruption no stamp is left, so that the next time begins again.
 */
async function ensureDependencies({ root, cache, env, nodeMajor, report }) {
  const stampFile = path.join(root, 'node_modules', '.windlass-stamp');
  const stamp = computeStamp(root, nodeMajor);
  if (readStamp(stampFile) === stamp) return;
  const lockName = `install-${crypto.createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  await withSetUpLock(path.join(cache, 'locks', lockName), report, async () => {
    const found = readStamp(stampFile);
    if (found === stamp) return;
    if (found === null && isInstalledByHand(root)) {
      fs.writeFileSync(stampFile, stamp);
      return;
    }
    report('installing the dependencies (npm ci)');
    fs.rmSync(stampFile, { force: true });
    const { code, output } = await runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      env,
    });
    if (code !== 0) {
      throw new SetUpError(
        `npm ci failed: ${summarizeOutput(output) || `exit code ${code}`}`,
        isNetworkFailure(output)
          ? 'connect to the network (or set npm’s registry or proxy), then run this again'
          : 'fix the error that npm shows above, then run this again',
      );
    }
    // npm makes no folder where there is nothing to install.
    fs.mkdirSync(path.dirname(stampFile), { recursive: true });
    fs.writeFileSync(stampFile, stamp);
  });
}

module.exports = { ensureDependencies };
