import type { webcrypto } from 'node:crypto';
import { type SealedSecret, type SealingKey, type SecretBinding, WindlassError } from '../domain/index.ts';
import { fromBase64, suite, toAdditionalData, toBase64, toInfo } from './hpke-suite.ts';

/**
 * Seals a secret to the workers' key, for one request only: it cannot be opened with any other binding.
 * Needs no file and no key of its own, so clients use it.
 *
 * @throws invalid-input `SEALING_KEY` when the key is not valid.
 */
export async function sealSecret(
  key: SealingKey,
  plaintext: string,
  binding: SecretBinding,
): Promise<SealedSecret> {
  const recipientPublicKey = await readPublicKey(key);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: toInfo(binding) });
  const message = new Uint8Array(new TextEncoder().encode(plaintext));
  const ciphertext = await sender.seal(message, toAdditionalData(key.keyId));
  return { keyId: key.keyId, enc: toBase64(sender.enc), ciphertext: toBase64(ciphertext) };
}

async function readPublicKey(key: SealingKey): Promise<webcrypto.CryptoKey> {
  try {
    return await suite.kem.deserializePublicKey(fromBase64(key.publicKey));
  } catch {
    throw new WindlassError('invalid-input', `the sealing key ${key.keyId} is not a P-256 public key`, {
      code: 'SEALING_KEY',
      hint: 'client and workers must be of compatible releases',
    });
  }
}
