import { type SecretBinding, WindlassError } from '../domain/index.ts';
import { type EncryptedSecret, openKeyring } from './keyring.ts';
import { generateSealingPair, generateStorageKey } from './keyring-data.ts';
import { updateKeyringFile } from './keyring-file.ts';

/** A stored secret, and what it is bound to. */
export interface RotatedSecret {
  readonly secret: EncryptedSecret;
  readonly binding: SecretBinding;
}

/** The part of the secret store that rotation needs; `Row` is the store's own way to name a row. */
export interface RotatedSecrets<Row extends RotatedSecret> {
  listNotUnder(keyId: string, limit: number): Promise<readonly Row[]>;
  replace(row: Row, secret: EncryptedSecret): Promise<void>;
}

export interface KeyRotation {
  /** Ids of the keys that are current now. */
  readonly sealingKeyId: string;
  readonly storageKeyId: string;
  /** How many stored secrets were encrypted again. */
  readonly reencrypted: number;
  /** Ids of the storage keys that nothing needs any more and that were dropped. */
  readonly dropped: readonly string[];
}

const BATCH_SECRETS = 200;

/**
 * Generates new current keys and encrypts every stored secret again. Workers continue meanwhile and read
 * the new keys by themselves. Old sealing keys stay until they are retired, because sealed secrets may be
 * on their way. The previous storage key also stays, until the next rotation: a worker may be storing a
 * secret under it at this moment.
 *
 * After a failure every stored secret can still be decrypted, and the rotation may be run again.
 */
export async function rotateKeys<Row extends RotatedSecret>(
  file: string,
  stores: { readonly secrets: RotatedSecrets<Row> },
): Promise<KeyRotation> {
  const keyring = await openKeyring(file);
  const now = new Date();
  const sealing = await generateSealingPair(now);
  const storage = generateStorageKey(now);
  // Written to the file before anything is encrypted under it, so that no secret is ever without its key.
  const widened = await updateKeyringFile(file, (data) => ({
    ...data,
    sealing: [sealing, ...data.sealing],
    storage: [storage, ...data.storage],
  }));

  let reencrypted = 0;
  for (;;) {
    const rows = await stores.secrets.listNotUnder(storage.keyId, BATCH_SECRETS);
    if (rows.length === 0) break;
    for (const row of rows) {
      const secret = keyring.encrypt(keyring.decrypt(row.secret, row.binding), row.binding);
      if (secret.keyId !== storage.keyId) throw overtaken();
      await stores.secrets.replace(row, secret);
    }
    reencrypted += rows.length;
  }

  const dropped = widened.storage.slice(2).map((key) => key.keyId);
  if (dropped.length > 0) {
    await updateKeyringFile(file, (data) => {
      if (data.storage[0]?.keyId !== storage.keyId) throw overtaken();
      return { ...data, storage: data.storage.filter((key) => !dropped.includes(key.keyId)) };
    });
  }
  return { sealingKeyId: sealing.keyId, storageKeyId: storage.keyId, reencrypted, dropped };
}

function overtaken(): WindlassError {
  return new WindlassError('conflict', 'the keys are being rotated by another process at the same time', {
    code: 'KEYS_ROTATING',
    hint: 'nothing is lost: the other rotation continues with all secrets',
  });
}

/**
 * Drops every old sealing key; only the current one is left. Secrets that were sealed to the others and
 * have not arrived yet can no longer be opened.
 *
 * @returns the ids of the keys that were dropped.
 */
export async function retireSealingKeys(file: string): Promise<readonly string[]> {
  let retired: readonly string[] = [];
  await updateKeyringFile(file, (data) => {
    retired = data.sealing.slice(1).map((pair) => pair.keyId);
    return { ...data, sealing: data.sealing.slice(0, 1) };
  });
  return retired;
}
