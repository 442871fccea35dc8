import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Params } from './parameters.ts';
import { Refusal, invalid, missing } from './refusal.ts';
import type { QingCloudSettings } from './settings.ts';

/** A request as it came over HTTP. */
export interface ArrivedRequest {
  readonly method: 'GET' | 'POST';
  /** As it came: it is signed so. */
  readonly path: string;
  /** Decoded, `signature` included. */
  readonly params: Params;
}

/** The oldest time stamp that is accepted. */
const MAX_AGE_MS = 60_000;

/** The paths at which the API answers; that with `iam` for temporary keys. */
export const PATHS = ['/iaas', '/iaas/', '/iam', '/iam/'];

/**
 * Who asks, and when it was asked.
 *
 * @throws Refusal 1100 for what is missing, 1200 for an unknown key or a wrong signature, 1300 for a request
 *   that is too old or past its `expires`
 */
export function checkRequest(
  { method, path, params }: ArrivedRequest,
  settings: QingCloudSettings,
  nowMs: number,
): void {
  for (const name of ['action', 'zone', 'time_stamp', 'access_key_id', 'signature_method', 'signature']) {
    if (params[name] === undefined) throw missing(name);
  }
  const { access_key_id: key = '', signature_method: algorithm = '', signature = '', token } = params;
  const secret = Object.hasOwn(settings.keys, key) ? settings.keys[key] : undefined;
  if (secret === undefined) throw new Refusal(1200, `AuthFailure, access key [${key}] does not exist`);
  const hash = { HmacSHA256: 'sha256', HmacSHA1: 'sha1' }[algorithm];
  if (hash === undefined) throw invalid('signature_method', algorithm);
  const isTemporary = path.startsWith('/iam');
  if (params['signature_version'] !== (isTemporary ? '2' : '1')) {
    throw invalid('signature_version', params['signature_version'] ?? '');
  }
  if (settings.tokens[key] !== token || isTemporary !== (token !== undefined)) {
    throw new Refusal(1200, 'AuthFailure, the token does not belong to the access key');
  }
  const expected = createHmac(hash, secret)
    .update(`${method}\n${path}\n${toQuery(params)}`)
    .digest();
  const given = Buffer.from(signature, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Refusal(1200, 'AuthFailure, signature not matched');
  }
  checkTimes(params, nowMs);
}

function checkTimes(params: Params, nowMs: number): void {
  const signedMs = readTime(params, 'time_stamp');
  if (nowMs - signedMs > MAX_AGE_MS) {
    throw new Refusal(
      1300,
      `RequestHasExpired, time stamp [${params['time_stamp']}] is older than 60 seconds`,
    );
  }
  if (params['expires'] !== undefined && readTime(params, 'expires') < nowMs) {
    throw new Refusal(1300, `RequestHasExpired, this request has expired at [${params['expires']}]`);
  }
}

function readTime(params: Params, name: string): number {
  const text = params[name] ?? '';
  const timeMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) throw invalid(name, text);
  return timeMs;
}

/** Everything but the signature, sorted by the bytes of the names, encoded as RFC 3986 wants it. */
function toQuery(params: Params): string {
  const names = Object.keys(params)
    .filter((name) => name !== 'signature')
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return names.map((name) => `${percentEncode(name)}=${percentEncode(params[name] ?? '')}`).join('&');
}

function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9\-_.~]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
