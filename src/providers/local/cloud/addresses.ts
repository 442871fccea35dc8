import { createHash } from 'node:crypto';
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { WindlassError } from '../../../domain/index.ts';
import { type AddressRange, toAddress } from './address-range.ts';
import { hasErrno } from './files.ts';

/** Where the sshd of every instance listens. */
export const SSH_PORT = 2222;

/**
 * The addresses of a local cloud: a link whose name is the address, and whose text is the instance that
 * has it. Creating a link is atomic and shows at once who owns it.
 */
export interface AddressBook {
  /**
   * An address for an instance: one that an earlier, unfinished attempt claimed, or a free one. Two
   * attempts at the same time may claim one each; the one that does not keep its address returns it with
   * `giveBack`.
   *
   * @throws quota `ADDRESSES_USED_UP`; permission `LOOPBACK_RANGE`.
   */
  claim(instanceId: string, range: AddressRange): Promise<string>;
  giveBack(address: string): Promise<void>;
  /** Frees all addresses of an instance. */
  release(instanceId: string): Promise<void>;
  count(): Promise<number>;
}

export function openAddressBook(cloudFolder: string): AddressBook {
  const folder = join(cloudFolder, 'addresses');
  // Different local clouds do not begin at the same address.
  const seed = createHash('sha256').update(cloudFolder).digest().readUInt16BE(0);

  async function listClaimed(): Promise<readonly string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async function listOf(instanceId: string): Promise<readonly string[]> {
    const claimed = await listClaimed();
    const owners = await Promise.all(
      claimed.map((address) => readlink(join(folder, address)).catch(() => '')),
    );
    return claimed.filter((_, index) => owners[index] === instanceId);
  }

  return {
    async claim(instanceId, range) {
      await mkdir(folder, { recursive: true });
      const [own] = await listOf(instanceId);
      if (own !== undefined) return own;
      const claimed = new Set(await listClaimed());
      const start = ((seed % Math.max(1, Math.floor(range.size / 256))) * 256) % range.size;
      for (let step = 0; step < range.size; step += 1) {
        const address = toAddress(range, (start + step) % range.size);
        if (claimed.has(address)) continue;
        try {
          await symlink(instanceId, join(folder, address));
        } catch (error) {
          if (hasErrno(error, 'EEXIST')) continue;
          throw error;
        }
        if (await canListen(address, SSH_PORT)) return address;
        await rm(join(folder, address)); // a process that is not ours listens there
      }
      throw new WindlassError('quota', `all ${range.size} addresses of ${range.cidr} are in use`, {
        code: 'ADDRESSES_USED_UP',
        hint: 'delete clusters, or give the runtime a wider range with --set addressRange=…',
      });
    },
    async giveBack(address) {
      await rm(join(folder, address), { force: true });
    },
    async release(instanceId) {
      const addresses = await listOf(instanceId);
      await Promise.all(addresses.map((address) => rm(join(folder, address), { force: true })));
    },
    async count() {
      return (await listClaimed()).length;
    },
  };
}

/**
 * Whether a port of an address of this machine is free. Port 0 checks only the address.
 *
 * @throws permission `LOOPBACK_RANGE` when the machine does not have the address.
 */
export function canListen(address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (hasErrno(error, 'EADDRINUSE')) {
        resolve(false);
        return;
      }
      reject(
        new WindlassError('permission', `cannot listen on ${address}: ${error.message}`, {
          code: 'LOOPBACK_RANGE',
          field: 'addressRange',
          hint: `only Linux provides all of 127.0.0.0/8; elsewhere add each address first, on macOS with: sudo ifconfig lo0 alias ${address} up`,
          cause: error,
        }),
      );
    });
    probe.listen(port, address, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
