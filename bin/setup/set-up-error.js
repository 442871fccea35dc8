'use strict';

/** A set-up that cannot continue for a reason that the user can fix; shown as one line and a hint, never as a stack. */
class SetUpError extends Error {
  constructor(message, hint, exitCode = 1) {
    super(message);
    this.name = 'SetUpError';
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

/** The last lines of a failed tool's output, which say why; npm's own decoration is left out. */
function summarizeOutput(output) {
  const lines = String(output)
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim())
    .filter((line) => line !== '' && !/^(npm warn|A complete log|code |errno |syscall )/i.test(line));
  return lines.slice(0, 3).join(' | ').slice(0, 400);
}

/** Whether a tool's output says that the network, not the request, was at fault. */
function isNetworkFailure(output) {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|network/i.test(
    String(output),
  );
}

module.exports = { SetUpError, summarizeOutput, isNetworkFailure };
