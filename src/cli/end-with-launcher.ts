import { Socket } from 'node:net';

/** The descriptor of a pipe whose other end the launcher (bin/windlass) holds. */
const LAUNCHER_PIPE = 'WINDLASS_LAUNCHER_PIPE';

/**
 * If the launcher has started this process: ends it, as SIGTERM does, when the launcher is gone; a killed
 * launcher cannot send a signal. The variable is removed from the environment, so that no child process
 * uses our pipe.
 */
export function endWithLauncher(env: NodeJS.ProcessEnv): void {
  const fd = Number(env[LAUNCHER_PIPE]);
  delete env[LAUNCHER_PIPE];
  if (!Number.isInteger(fd) || fd < 3) return;
  let pipe: Socket;
  try {
    pipe = new Socket({ fd, readable: true, writable: false });
  } catch {
    // It is not a pipe: the variable was set by another program.
    return;
  }
  let ended = false;
  const end = (): void => {
    if (!ended) process.kill(process.pid, 'SIGTERM');
    ended = true;
  };
  pipe.on('error', end).on('close', end).resume();
  // It does not keep the process alive once the command is done.
  pipe.unref();
}
