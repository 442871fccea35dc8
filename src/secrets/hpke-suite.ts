import { createHash } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { canonicalJson, type SecretBinding } from '../domain/index.ts';

/**
 * RFC 9180 with P-256, HKDF-SHA256 and AES-256-GCM: all of it is in Web Crypto, so no native module is
 * needed.
 */
export const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** One digest of everything that a secret is bound to: if any part changes, so does the digest. */
export function digestBinding(binding: SecretBinding): string {
  return createHash('sha256').update(canonicalJson(binding)).digest('hex');
}

/** The context that an envelope is opened with: this scheme, and what the secret is bound to. */
export function toInfo(binding: SecretBinding): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`windlass/sealed/2/${digestBinding(binding)}`));
}

/** Authenticates the key id, which the envelope carries in clear text. */
export function toAdditionalData(keyId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(keyId));
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export function toBase64(bytes: ArrayBuffer | Uint8Array): string {
  return Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toString('base64');
}
