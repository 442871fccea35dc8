import { isIPv6 } from 'node:net';
import { runProgram } from './run-program.ts';

/** An address of this host while a machine has it. */
export interface HeldAddress {
  /** May be called more than once. */
  release(): Promise<void>;
}

const NOTHING_HELD: HeldAddress = { release: async () => {} };

/**
 * Makes sure that this host has an address. All of 127.0.0.0/8 and ::1 exist; any other is added to the
 * loopback interface. In a separate namespace the caller provides the addresses.
 *
 * @throws Error when another interface, or another test, has the address.
 */
export async function holdAddress(
  address: string,
  networkNamespace: string | undefined,
): Promise<HeldAddress> {
  if (networkNamespace !== undefined || address.startsWith('127.') || address === '::1') return NOTHING_HELD;
  const withMask = `${address}/${isIPv6(address) ? 128 : 32}`;
  await runProgram('ip', ['address', 'add', withMask, 'dev', 'lo']);
  let released: Promise<unknown> | null = null;
  return {
    async release() {
      released ??= runProgram('ip', ['address', 'delete', withMask, 'dev', 'lo']);
      await released;
    },
  };
}
