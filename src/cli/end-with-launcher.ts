import { Socket } from 'node:net';

/** The descriptor of a pipe whose other end the launcher (bin/windlass) holds. */
const LAUNCHER_PIPE = 'WINDLASS_LAUNCHER_PIPE';

/**
 * Where the launcher has started this process: ends it, as SIGTERM does, when the launcher is gone, which a
 * killed one cannot say. The variable is taken out of the environment, so that no child looks at a pipe of ours.
 */
export function endWithLauncher(env: NodeJS.ProcessEnv): void {
  const fd = Number(env[LAUNCHER_PIPE]);
  delete env[LAUNCHER_PIPE];
  if (!Number.isInteger(fd) || fd < 3) return;
  let pipe: Socket;
  try {
    pipe = new Socket({ fd, readable: true, writable: false });
  } catch {
    // No pipe there: a variable that somebody else has set.
    return;
  }
  let ended = false;
  const end = (): void => {
    if (!ended) process.kill(process.pid, 'SIGTERM');
    ended = true;
  };
  pipe.on('error', end).on('close', end).resume();
  // It does not keep a command up that has done its work.
  pipe.unref();
}
