'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { SetUpError } = require('./set-up-error.js');

const POLL_MS = 200;
const LIMIT_MS = 15 * 60_000;
/** A holder writes its pid right after it made the folder; without one after this time it has died in between. */
const NAMELESS_MS = 5_000;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isAbandoned(folder) {
  try {
    const pid = Number(fs.readFileSync(path.join(folder, 'pid'), 'utf8'));
    if (Number.isInteger(pid) && pid > 0) return !isAlive(pid);
  } catch {
    // Not written yet, or just released.
  }
  try {
    return Date.now() - fs.statSync(folder).mtimeMs > NAMELESS_MS;
  } catch {
    return false;
  }
}

/**
 * Runs `work` while no other process holds the lock of that name. A lock whose holder has died is
 * taken over: it is renamed away first, which only one of several waiters can do.
 */
async function withSetUpLock(folder, report, work) {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const deadline = Date.now() + LIMIT_MS;
  for (let told = false; ;) {
    try {
      fs.mkdirSync(folder);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(folder)) {
      const aside = `${folder}.${process.pid}.${Date.now()}`;
      try {
        fs.renameSync(folder, aside);
        fs.rmSync(aside, { recursive: true, force: true });
      } catch {
        // Another waiter was first.
      }
      continue;
    }
    if (!told) report('another set-up is running; waiting for it');
    told = true;
    if (Date.now() > deadline)
      throw new SetUpError('another set-up has been running for 15 minutes', `end it, or delete ${folder}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    fs.writeFileSync(path.join(folder, 'pid'), String(process.pid));
    return await work();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { withSetUpLock };
