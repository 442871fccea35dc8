import { WindlassError } from '../../../domain/index.ts';

export const DEFAULT_ADDRESS_RANGE = '127.77.0.0/16';

/** Loopback addresses for instances. */
export interface AddressRange {
  readonly cidr: string;
  /** The first usable address as a number. */
  readonly first: number;
  /** How many are usable. */
  readonly size: number;
}

/** @throws invalid-input `ADDRESS_RANGE`, field `addressRange`. */
export function parseAddressRange(cidr: string): AddressRange {
  const match = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const bytes = match?.slice(1, 4).map(Number) ?? [];
  const prefix = Number(match?.[4]);
  if (match === null || bytes.some((byte) => byte > 255) || prefix < 8 || prefix > 30) {
    throw new WindlassError('invalid-input', `${JSON.stringify(cidr)} is not a range of loopback addresses`, {
      code: 'ADDRESS_RANGE',
      field: 'addressRange',
      hint: `such as ${DEFAULT_ADDRESS_RANGE}: within 127.0.0.0/8, from /8 to /30`,
    });
  }
  const block = 2 ** (32 - prefix);
  const base = bytes.reduce((sum, byte) => sum * 256 + byte, 127);
  return { cidr, first: Math.floor(base / block) * block + 1, size: block - 2 };
}

/** The nth address of a range. */
export function toAddress(range: AddressRange, index: number): string {
  const number = range.first + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
