import type { Socket } from 'node:net';
import ssh2, { type Connection, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { runExec } from './run-exec.ts';
import { serveTunnels, type Tunnels } from './tunnels.ts';

/** The user name that a machine accepts; its commands run as the worker's user. */
export const SSH_USER = 'windlass';
/** The same as sshd's own default: a client that wants more sessions at the same time must queue them. */
const MAX_SESSIONS = 10;

export interface SshServerOptions {
  readonly hostPrivateKey: string;
  /** The one public key that may log in, in OpenSSH format. */
  readonly authorizedKey: string;
  /** The working directory of commands. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For a frontgate; absent if it forwards nothing. */
  readonly tunnels?: Tunnels;
}

/**
 * What sshd does on a node, as far as the node shell uses it: public key authentication, and sessions that
 * run commands. Takes connected sockets.
 */
export function createSshServer(options: SshServerOptions): (socket: Socket) => void {
  const authorized = ssh2.utils.parseKey(options.authorizedKey);
  if (authorized instanceof Error)
    throw new Error('the authorized key of the user-data is not an OpenSSH key');
  const server = new ssh2.Server(
    { hostKeys: [options.hostPrivateKey], keepaliveInterval: 0 },
    (connection) => {
      serve(connection, authorized, options);
    },
  );
  return (socket) => {
    socket.setNoDelay(true);
    server.injectSocket(socket);
  };
}

function serve(connection: Connection, authorized: ParsedKey, options: SshServerOptions): void {
  let sessions = 0;
  // Clients disconnect all the time; without a listener an error would end the machine.
  connection.on('error', () => undefined);
  connection.on('authentication', (context) => {
    if (context.method !== 'publickey') context.reject(['publickey']);
    else if (context.username === SSH_USER && isAuthorized(context, authorized)) context.accept();
    else context.reject(['publickey']);
  });
  if (options.tunnels !== undefined) serveTunnels(connection, options.tunnels);
  connection.on('session', (acceptSession, rejectSession) => {
    if (sessions >= MAX_SESSIONS) {
      rejectSession();
      return;
    }
    sessions += 1;
    const session = acceptSession();
    const environment: Record<string, string | undefined> = { ...options.environment };
    let sendSignal = (_name: string): void => undefined;
    session.on('close', () => {
      sessions -= 1;
    });
    session.on('env', (accept, _reject, info) => {
      environment[info.key] = info.val;
      (accept as (() => void) | undefined)?.();
    });
    session.on('signal', (accept, _reject, info) => {
      sendSignal(info.name);
      (accept as (() => void) | undefined)?.();
    });
    session.once('exec', (acceptExec, _reject, info) => {
      sendSignal = runExec(acceptExec(), { command: info.command, folder: options.root, environment });
    });
  });
}

function isAuthorized(context: PublicKeyAuthContext, authorized: ParsedKey): boolean {
  if (context.key.algo !== authorized.type || !authorized.getPublicSSH().equals(context.key.data))
    return false;
  // Without a signature the client only asks whether the key would be accepted.
  if (context.signature === undefined || context.blob === undefined) return true;
  return authorized.verify(context.blob, context.signature, context.hashAlgo) === true;
}
