'use strict';
const { spawn } = require('node:child_process');
const os = require('node:os');

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Where the child finds the pipe that breaks with us: src/cli/end-with-launcher.ts. */
const PIPE = 3;

/**
 * Runs a program in our place: our standard streams, our signals, and its exit code (128 + n
 * after a signal) as the result. `tied`: it is told by a pipe when we are gone, also when we are killed.
 */
function runChild(command, args, { tied = false, ...options }) {
  return new Promise((resolve, reject) => {
    const child = tied
      ? spawn(command, args, {
          ...options,
          stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
          env: { ...options.env, WINDLASS_LAUNCHER_PIPE: String(PIPE) },
        })
      : spawn(command, args, { stdio: 'inherit', ...options });
    if (tied) child.stdio[PIPE].on('error', () => {});
    const forward = (signal) => {
      // A terminal sends Ctrl-C to the whole foreground group, so the child has it already.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const release = () => {
      for (const signal of FORWARDED) process.removeListener(signal, forward);
    };
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('close', (code, signal) => {
      release();
      resolve(signal === null ? code : 128 + os.constants.signals[signal]);
    });
  });
}

module.exports = { runChild };
