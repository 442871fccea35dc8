import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { ProcessIdentity } from '../config/index.ts';

/**
 * Between SIGTERM and SIGKILL, in tenths of a second: no client waits any more for the work of a killed
 * stack.
 */
const GRACE_TENTHS = 50;

/**
 * `pid, start time`: waits for a line on standard input, and ends. If the input ends without one, the
 * process that held the other end is gone, and the service is ended too: first with SIGTERM, then with
 * SIGKILL.
 */
const SCRIPT = `
IFS= read -r windlass_word && exit 0
windlass_lives() {
  if [ -r /proc/self/stat ]; then
    windlass_stat=$(cat "/proc/$windlass_pid/stat" 2>/dev/null) || return 1
    set -- \${windlass_stat##*)}
    case $1 in Z|X) return 1 ;; esac
    [ "\${20}" = "$windlass_start" ]
  else
    kill -0 "$windlass_pid" 2>/dev/null
  fi
}
windlass_pid=$1; windlass_start=$2; windlass_tenths=0
windlass_lives || exit 0
kill -TERM "$windlass_pid" 2>/dev/null
while windlass_lives && [ $windlass_tenths -lt ${GRACE_TENTHS} ]; do
  sleep 0.1; windlass_tenths=$((windlass_tenths + 1))
done
windlass_lives && kill -KILL "$windlass_pid" 2>/dev/null
exit 0
`;

/**
 * Starts a small process beside a service that ends the service when this process is gone: a third-party
 * program, such as Temporal's server, does not watch its parent itself. Returns a function that ends the
 * watch and may be called again.
 */
export function postSentinel({ pid, startTime }: ProcessIdentity, env: NodeJS.ProcessEnv): () => void {
  const sentinel = spawn('/bin/sh', ['-c', SCRIPT, 'windlass-sentinel', String(pid), startTime], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: env['PATH'] },
  });
  // Without a shell there is no watch; the next stack still ends what a killed one has left.
  sentinel.on('error', () => {});
  sentinel.stdin.on('error', () => {});
  sentinel.unref();
  if (sentinel.stdin instanceof Socket) sentinel.stdin.unref();
  return () => {
    if (!sentinel.stdin.writableEnded) sentinel.stdin.end('dismissed\n');
  };
}
