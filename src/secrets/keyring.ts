import { createCipheriv, createDecipheriv, randomBytes, type webcrypto } from 'node:crypto';
import { type SealedSecret, type SealingKey, WindlassError } from '../domain/index.ts';
import { fromBase64, suite, toAdditionalData, toInfo } from './hpke-suite.ts';
import type { SealingPair } from './keyring-data.ts';
import {
  createKeyringFile,
  type KeyringSnapshot,
  readKeyringFile,
  readKeyringVersion,
} from './keyring-file.ts';

/** A secret under the database's own key: what the stores keep. */
export interface EncryptedSecret {
  readonly keyId: string;
  /** AES-256-GCM: nonce, ciphertext and tag. */
  readonly sealed: Uint8Array;
}

/** The workers' keys: they open what clients sealed and what the database keeps. */
export interface Keyring {
  /** The key that clients seal to now. */
  sealingKey(): SealingKey;
  /**
   * Opens a sealed secret in the place it was sealed for.
   *
   * @throws invalid-input `SEALED_SECRET` when it does not open: sealed to a key that was retired
   *   (or is not ours), for another place, or changed on the way.
   */
  openSealed(sealed: SealedSecret, binding: string): Promise<string>;
  /** Encrypts for the database, under the newest key. */
  encrypt(plaintext: string): EncryptedSecret;
  /** @throws internal `STORED_SECRET` when its key is gone or it was changed. */
  decrypt(stored: EncryptedSecret): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Opens the keyring of a file, which is made, readable by its owner alone, when it is not there.
 * It notices when the keys are rotated under it: whoever replaces the file need not restart workers.
 *
 * @throws permission `KEYRING_READABLE` when others can read the file, `KEYRING_ACCESS` when we
 *   cannot; invalid-input `KEYRING_INVALID`.
 */
export async function openKeyring(file: string): Promise<Keyring> {
  await createKeyringFile(file);
  return createKeyring(file, readKeyringFile(file));
}

function createKeyring(file: string, first: KeyringSnapshot): Keyring {
  let snapshot = first;
  const current = (): KeyringSnapshot['data'] => {
    const version = readKeyringVersion(file);
    // A file that is gone takes nothing from us: the keys we hold still open what is stored.
    if (version !== '' && version !== snapshot.version) snapshot = readKeyringFile(file);
    return snapshot.data;
  };
  return {
    sealingKey() {
      const { keyId, publicKey } = firstOf(current().sealing);
      return { keyId, publicKey };
    },

    async openSealed(sealed, binding) {
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
        throw sealedSecretError(`it was not sealed for ${binding}, or was changed on its way`);
      }
    },

    encrypt(plaintext) {
      const { keyId, key } = firstOf(current().storage);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), nonce, {
        authTagLength: TAG_BYTES,
      });
      cipher.setAAD(storageContext(keyId));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return { keyId, sealed: new Uint8Array(Buffer.concat([nonce, ciphertext, cipher.getAuthTag()])) };
    },

    decrypt(stored) {
      const found = current().storage.find((candidate) => candidate.keyId === stored.keyId);
      if (found === undefined) {
        throw storedSecretError(`its key ${stored.keyId} is not in the keyring`);
      }
      try {
        const nonce = stored.sealed.subarray(0, NONCE_BYTES);
        const ciphertext = stored.sealed.subarray(NONCE_BYTES, -TAG_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', Buffer.from(found.key, 'base64'), nonce, {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(storageContext(stored.keyId));
        decipher.setAuthTag(stored.sealed.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
      } catch {
        throw storedSecretError('it was changed in the database');
      }
    },
  };
}

function storageContext(keyId: string): Buffer {
  return Buffer.from(`windlass/stored/1/${keyId}`);
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
  return new WindlassError('invalid-input', `a sealed secret does not open: ${why}`, {
    code: 'SEALED_SECRET',
    hint: 'run the command again: it seals to the key that the workers have now',
  });
}

function storedSecretError(why: string): WindlassError {
  return new WindlassError('internal', `a stored secret does not open: ${why}`, {
    code: 'STORED_SECRET',
    hint: 'database and keyring must belong together: check WINDLASS_KEYRING, or restore the keyring from a backup',
  });
}
