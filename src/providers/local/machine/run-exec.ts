import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ServerChannel } from 'ssh2';

/** How long output is awaited after a command's end, when a process that it left behind holds the pipe. */
const DRAIN_MS = 1_000;

export interface ExecRequest {
  readonly command: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs one command for a channel, in a session of its own, as sshd does: it outlives a broken connection,
 * and its end is reported as exit code or signal. Returns a function that sends it a signal.
 */
export function runExec(channel: ServerChannel, request: ExecRequest): (signalName: string) => void {
  const child = spawn('/bin/sh', ['-c', request.command], {
    cwd: request.folder,
    env: request.environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ignore = (): void => undefined;
  channel.on('error', ignore);
  child.stdin.on('error', ignore); // it ended without reading its input
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('close', () => {
    // The client is gone: further output is dropped, and the command continues.
    child.stdin.end();
    child.stdout.resume();
    child.stderr.resume();
  });

  let told = false;
  const tellEnd = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (told) return;
    told = true;
    if (signal === null) channel.exit(code ?? 255);
    else channel.exit(signal.replace(/^SIG/, ''), false, '');
    channel.end();
  };
  child.on('error', (error) => {
    channel.stderr.write(`${error.message}\n`);
    tellEnd(126, null);
  });
  child.on('exit', (code, signal) => {
    const drained = setTimeout(tellEnd, DRAIN_MS, code, signal);
    child.once('close', () => {
      clearTimeout(drained);
      tellEnd(code, signal);
    });
  });

  return (signalName) => {
    const name = `SIG${signalName}`;
    if (child.pid === undefined || !(name in constants.signals)) return;
    try {
      process.kill(-child.pid, name as NodeJS.Signals);
    } catch {
      // it has ended already
    }
  };
}
