import { BlockList, connect, type Socket } from 'node:net';
import type { Connection } from 'ssh2';

/** Whether an address is one of a range, given as `address/prefix`. */
export function createRange(cidr: string): (address: string | undefined) => boolean {
  const [network = '', prefix] = cidr.split('/');
  const range = new BlockList();
  range.addSubnet(network, Number(prefix));
  return (address) => address !== undefined && range.check(address.replace(/^::ffff:/, ''));
}

/** How a frontgate forwards connections. */
export interface Tunnels {
  /** Its own address: nodes see a tunnel as coming from it. */
  readonly from: string;
  readonly leadsTo: (address: string) => boolean;
}

/**
 * What sshd does for clients of a jump host (direct-tcpip): connects to a node, and copies bytes in both
 * directions.
 */
export function serveTunnels(connection: Connection, { from, leadsTo }: Tunnels): void {
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (!leadsTo(destIP)) {
      reject();
      return;
    }
    const socket: Socket = connect({ host: destIP, port: destPort, localAddress: from });
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      const channel = accept();
      // When one side disconnects, the other is closed.
      socket.on('error', () => channel.close());
      channel.on('error', () => socket.destroy());
      channel.on('close', () => socket.destroy());
      socket.pipe(channel).pipe(socket);
    });
  });
}
