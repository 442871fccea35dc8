'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const zlib = require('node:zlib');
const { runNpm } = require('./npm.js');
const { PINNED_NODES, MINIMUM_NODE, isNodeNewEnough } = require('./pinned-nodes.js');
const { SetUpError, summarizeOutput, isNetworkFailure } = require('./set-up-error.js');
const { withSetUpLock } = require('./set-up-lock.js');
const { readTarEntry } = require('./tar-entry.js');

/**
 * The Node that runs windlass: this one where it is new enough, else a pinned one from npm, kept
 * in the tools cache. A package whose digest differs from the pinned one is refused and not kept.
 * @returns {Promise<{ executable: string, major: number, own: boolean }>} `own`: it is this process's
 */
async function findNode({ cache, env, report, version = process.versions.node, pins = PINNED_NODES }) {
  if (isNodeNewEnough(version))
    return { executable: process.execPath, major: Number(version.split('.')[0]), own: true };
  const platform = `${process.platform}-${process.arch}`;
  const pin = pins[platform];
  if (pin === undefined) {
    throw new SetUpError(
      `windlass needs Node ${MINIMUM_NODE.join('.')} or newer, this is ${version}, and no Node can be brought for ${platform}`,
      'install Node 24 and run this again',
    );
  }
  const folder = path.join(cache, 'node', `node-${pin.version}-${platform}`);
  const node = {
    executable: path.join(folder, 'bin', 'node'),
    major: Number(pin.version.split('.')[0]),
    own: false,
  };
  if (fs.existsSync(node.executable)) return node;
  await withSetUpLock(path.join(cache, 'locks', path.basename(folder)), report, async () => {
    if (fs.existsSync(node.executable)) return;
    report(
      `this is Node ${version}, windlass needs ${MINIMUM_NODE.join('.')} or newer: bringing Node ${pin.version} from npm`,
    );
    await bringNode(pin, folder, { cache, env });
  });
  return node;
}

async function bringNode(pin, folder, { cache, env }) {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const work = fs.mkdtempSync(path.join(cache, 'node', 'bring-'));
  try {
    const spec = `${pin.packageName}@${pin.version}`;
    const { code, output } = await runNpm(
      ['pack', spec, '--silent', '--ignore-scripts', '--pack-destination', work],
      {
        cwd: work,
        env,
        quiet: true,
      },
    );
    const archive = fs.readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (code !== 0 || archive === undefined) {
      throw new SetUpError(
        `npm could not bring ${spec}: ${summarizeOutput(output) || `exit code ${code}`}`,
        isNetworkFailure(output) || output === ''
          ? 'connect to the network (or set npm’s registry or proxy), or install Node 24 yourself; then run this again'
          : 'install Node 24 yourself, then run this again',
      );
    }
    const packed = fs.readFileSync(path.join(work, archive));
    const integrity = `sha512-${crypto.createHash('sha512').update(packed).digest('base64')}`;
    if (integrity !== pin.integrity) {
      throw new SetUpError(
        `${spec} is not the file that was pinned: its digest is ${integrity}`,
        'the registry, a mirror or a proxy answered with another file; nothing of it was kept',
      );
    }
    const binary = readTarEntry(await promisify(zlib.gunzip)(packed), 'package/bin/node');
    if (binary === null)
      throw new SetUpError(`${spec} holds no bin/node`, 'install Node 24 yourself, then run this again');
    const unpacked = path.join(work, 'node');
    fs.mkdirSync(path.join(unpacked, 'bin'), { recursive: true });
    fs.writeFileSync(path.join(unpacked, 'bin', 'node'), binary, { mode: 0o755 });
    // The folder appears whole or not at all, whenever this is interrupted.
    fs.renameSync(unpacked, folder);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { findNode };
