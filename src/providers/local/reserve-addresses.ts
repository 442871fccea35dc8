import { createHash } from 'node:crypto';
import type { ClusterPlace } from '../../domain/index.ts';
import { parseAddressRange, toAddress, type AddressRange } from './cloud/address-range.ts';

// Programs can listen on every loopback address, so that reserving one means computing it: always the same
// one for the same cluster and name, in the half of the loopback network that no instance uses.
const UPPER_HALF = '127.128.0.0/9';
const LOWER_QUARTER = '127.64.0.0/10';

/**
 * An address for each of a cluster's `reserved_ips`. Pure; among 8 million addresses two clusters collide
 * only as often as hashes do.
 */
export function reserveAddresses(
  reservedIps: ClusterPlace['reservedIps'],
  clusterId: string,
  addressRange: string,
): ClusterPlace['reservedIps'] {
  const range = chooseRange(parseAddressRange(addressRange));
  const reserved = Object.entries(reservedIps).map(([name, address]) => {
    return [name, address === '' ? addressOf(range, clusterId, name) : address] as const;
  });
  return Object.fromEntries(reserved);
}

function chooseRange(instances: AddressRange): AddressRange {
  const upper = parseAddressRange(UPPER_HALF);
  return instances.first >= upper.first ? parseAddressRange(LOWER_QUARTER) : upper;
}

function addressOf(range: AddressRange, clusterId: string, name: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(['reserved-address', clusterId, name]))
    .digest();
  return toAddress(range, hash.readUIntBE(0, 6) % range.size);
}
