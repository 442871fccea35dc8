import { connect } from 'node:net';

/** A dropped packet gives no answer; one that passes takes microseconds here. */
const SILENCE_MS = 1_000;

/** Whether a server listens there, and this machine reaches it without a frontgate. */
export function isReachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: SILENCE_MS });
    const end = (outcome: boolean): void => {
      resolve(outcome);
      socket.destroy();
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
