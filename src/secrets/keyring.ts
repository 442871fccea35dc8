import { createCipheriv, createDecipheriv, randomBytes, type webcrypto } from 'node:crypto';
import { type SealedSecret, type SealingKey, type SecretBinding, WindlassError } from '../domain/index.ts';
import { digestBinding, fromBase64, suite, toAdditionalData, toInfo } from './hpke-suite.ts';
import type { SealingPair } from './keyring-data.ts';
import {
  createKeyringFile,
  type KeyringSnapshot,
  readKeyringFile,
  readKeyringVersion,
} from './keyring-file.ts';

/** A secret encrypted under the database's own key, as the stores keep it. */
export interface EncryptedSecret {
  readonly keyId: string;
  /** AES-256-GCM: nonce, ciphertext and tag. */
  readonly sealed: Uint8Array;
}

/** The workers' keys: they open envelopes that clients sealed, and decrypt the secrets of the database. */
export interface Keyring {
  /** The key that clients seal to now. */
  sealingKey(): SealingKey;
  /**
   * Opens a sealed secret for the request that it was sealed for.
   *
   * @throws invalid-input `SEALED_SECRET` when it cannot be opened: sealed to a key that was retired (or
   * is not ours), for another request, or changed on the way.
   */
  openSealed(sealed: SealedSecret, binding: SecretBinding): Promise<string>;
  /** Encrypts for the database, under the newest key; it can be decrypted only with this binding. */
  encrypt(plaintext: string, binding: SecretBinding): EncryptedSecret;
  /**
   * @throws internal `STORED_SECRET` when its key is gone, it was changed, or its binding differs from the
   * one that it was stored with.
   */
  decrypt(stored: EncryptedSecret, binding: SecretBinding): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Opens the keyring of a file; a missing file is created, readable by its owner only. A changed file is
 * noticed: workers need no restart after the keys are rotated.
 *
 * @throws permission `KEYRING_READABLE` when other users can read the file, `KEYRING_ACCESS` when we
 * cannot; invalid-input `KEYRING_INVALID`.
 */
export async function openKeyring(file: string): Promise<Keyring> {
  await createKeyringFile(file);
  return createKeyring(file, readKeyringFile(file));
}

function createKeyring(file: string, first: KeyringSnapshot): Keyring {
  let snapshot = first;
  const current = (): KeyringSnapshot['data'] => {
    const version = readKeyringVersion(file);
    // If the file is gone, the keys in memory still decrypt what is stored.
    if (version !== '' && version !== snapshot.version) snapshot = readKeyringFile(file);
    return snapshot.data;
  };
  return {
    sealingKey() {
      const { keyId, publicKey } = firstOf(current().sealing);
      return { keyId, publicKey };
    },

    async openSealed(sealed, binding) {
      if (!isEnvelope(sealed)) throw sealedSecretError('it is not an envelope');
      const pair = current().sealing.find((candidate) => candidate.keyId === sealed.keyId);
      if (pair === undefined) {
        throw sealedSecretError(
          `it was sealed to key ${sealed.keyId}, which the workers do not have: the key was retired, or belongs to other workers`,
        );
      }
      try {
        const recipient = await suite.createRecipientContext({
          recipientKey: await toPrivateKey(pair),
          enc: fromBase64(sealed.enc),
          info: toInfo(binding),
        });
        const plaintext = await recipient.open(fromBase64(sealed.ciphertext), toAdditionalData(sealed.keyId));
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
      } catch {
        throw sealedSecretError('it was sealed for another request, or changed on its way');
      }
    },

    encrypt(plaintext, binding) {
      const { keyId, key } = firstOf(current().storage);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), nonce, {
        authTagLength: TAG_BYTES,
      });
      cipher.setAAD(storageContext(keyId, binding));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return { keyId, sealed: new Uint8Array(Buffer.concat([nonce, ciphertext, cipher.getAuthTag()])) };
    },

    decrypt(stored, binding) {
      const found = current().storage.find((candidate) => candidate.keyId === stored.keyId);
      if (found === undefined) {
        throw storedSecretError(binding, `its key ${stored.keyId} is not in the keyring`);
      }
      try {
        const nonce = stored.sealed.subarray(0, NONCE_BYTES);
        const ciphertext = stored.sealed.subarray(NONCE_BYTES, -TAG_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', Buffer.from(found.key, 'base64'), nonce, {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(storageContext(stored.keyId, binding));
        decipher.setAuthTag(stored.sealed.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
      } catch {
        throw storedSecretError(binding, 'it was changed in the database, or what it belongs to was');
      }
    },
  };
}

function storageContext(keyId: string, binding: SecretBinding): Buffer {
  return Buffer.from(`windlass/stored/2/${keyId}/${digestBinding(binding)}`);
}

/** A client may be any program. */
function isEnvelope(sealed: unknown): sealed is SealedSecret {
  if (typeof sealed !== 'object' || sealed === null) return false;
  const { keyId, enc, ciphertext } = sealed as Readonly<Record<keyof SealedSecret, unknown>>;
  return [keyId, enc, ciphertext].every((part) => typeof part === 'string');
}

async function toPrivateKey(pair: SealingPair): Promise<webcrypto.CryptoKey> {
  return await suite.kem.deserializePrivateKey(fromBase64(pair.privateKey));
}

function firstOf<T>(keys: readonly T[]): T {
  const [first] = keys;
  if (first === undefined) throw new Error('a keyring without keys was accepted');
  return first;
}

function sealedSecretError(why: string): WindlassError {
  return new WindlassError('invalid-input', `a sealed secret cannot be opened: ${why}`, {
    code: 'SEALED_SECRET',
    hint: 'run the command again: it seals to the workers’ current key, for this request',
  });
}

function storedSecretError({ secret, stored }: SecretBinding, why: string): WindlassError {
  const { name } = (stored ?? {}) as { readonly name?: string };
  const what = name === undefined ? secret : `${secret} (${name})`;
  return new WindlassError('internal', `a stored secret cannot be decrypted, the ${what}: ${why}`, {
    code: 'STORED_SECRET',
    hint: 'database and keyring must belong together: check WINDLASS_KEYRING, or restore the keyring from a backup; the credential of a runtime can be given again: windlass runtime update NAME --credential FILE',
  });
}
