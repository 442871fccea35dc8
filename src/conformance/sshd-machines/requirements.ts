import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = ['unshare', 'nsenter', 'setpriv', 'mount', 'mknod', 'losetup', 'blkid', 'sshd'];
/** Where an administrator's programs are, also when PATH is a user's. */
const ADMIN_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/**
 * Why no machine of the kit can be booted here, as the reason of a skip; null if they can. They need
 * Linux, root (namespaces, mounts, loop devices) and an OpenSSH server.
 */
export function findSshdMachinesObstacle(): string | null {
  if (process.platform !== 'linux') return 'machines with sshd need Linux';
  if (process.getuid?.() !== 0) return 'machines with sshd need root';
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ADMIN_FOLDERS];
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return missing.length === 0 ? null : `machines with sshd need ${missing.join(', ')}`;
}
