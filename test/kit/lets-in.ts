import { connect } from 'node:net';

/** A packet that is dropped says nothing; one that is let through takes microseconds here. */
const SILENCE_MS = 1_000;

/** Whether something listens there, and this machine gets to it without a frontgate. */
export function letsIn(host: string, port: number): Promise<boolean> {
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
