'use strict';
const { spawn } = require('node:child_process');
const { SetUpError } = require('./set-up-error.js');

/**
 * Runs npm with its whole output on stderr (or kept, when `quiet`).
 * @returns {Promise<{ code: number, output: string }>}
 */
function runNpm(args, { cwd, env, quiet = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    const take = (chunk) => {
      output = (output + chunk).slice(-20_000);
      if (!quiet) process.stderr.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) =>
      reject(
        error.code === 'ENOENT'
          ? new SetUpError(
              'npm is not on the PATH',
              'install Node with npm (18 or newer), then run this again',
            )
          : error,
      ),
    );
    child.on('close', (code) => resolve({ code: code === null ? 1 : code, output }));
  });
}

module.exports = { runNpm };
