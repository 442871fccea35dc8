import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { WindlassError } from '../domain/index.ts';
import { suite, toBase64 } from './hpke-suite.ts';

const base64 = z.base64().min(1);

const sealingPair = z.strictObject({
  keyId: z.string().min(1),
  /** Raw, base64. */
  publicKey: base64,
  privateKey: base64,
  createdAt: z.iso.datetime(),
});

const storageKey = z.strictObject({
  keyId: z.string().min(1),
  /** 32 bytes, base64. */
  key: base64.refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes'),
  createdAt: z.iso.datetime(),
});

/**
 * The content of a keyring file. The first key of each list is current; the others are only for
 * decryption.
 */
const keyringData = z.strictObject({
  version: z.literal(1),
  sealing: z.array(sealingPair).min(1),
  storage: z.array(storageKey).min(1),
});

export type KeyringData = Readonly<z.infer<typeof keyringData>>;
export type SealingPair = Readonly<z.infer<typeof sealingPair>>;
export type StorageKey = Readonly<z.infer<typeof storageKey>>;

/**
 * Parses the text of a keyring file. Errors contain no value of it.
 *
 * @throws invalid-input `KEYRING_INVALID`, naming the parts that are wrong.
 */
export function parseKeyring(text: string, file: string): KeyringData {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid(file, 'it is not JSON');
  }
  const result = keyringData.safeParse(parsed);
  if (!result.success) {
    const places = result.error.issues.map((issue) =>
      issue.path.length === 0 ? 'the whole' : issue.path.join('.'),
    );
    throw invalid(file, `wrong or missing: ${places.join(', ')}`);
  }
  return result.data;
}

/** Generates a new keyring with one key of each kind. */
export async function generateKeyring(now: Date): Promise<KeyringData> {
  return { version: 1, sealing: [await generateSealingPair(now)], storage: [generateStorageKey(now)] };
}

export async function generateSealingPair(now: Date): Promise<SealingPair> {
  const pair = await suite.kem.generateKeyPair();
  const publicKey = await suite.kem.serializePublicKey(pair.publicKey);
  const privateKey = await suite.kem.serializePrivateKey(pair.privateKey);
  return {
    // Named by its public half, so that two keys never share an id.
    keyId: `seal-${createHash('sha256').update(new Uint8Array(publicKey)).digest('hex').slice(0, 16)}`,
    publicKey: toBase64(publicKey),
    privateKey: toBase64(privateKey),
    createdAt: now.toISOString(),
  };
}

export function generateStorageKey(now: Date): StorageKey {
  return {
    keyId: `store-${randomBytes(8).toString('hex')}`,
    key: randomBytes(32).toString('base64'),
    createdAt: now.toISOString(),
  };
}

function invalid(file: string, why: string): WindlassError {
  return new WindlassError('invalid-input', `the keyring ${file} cannot be read: ${why}`, {
    code: 'KEYRING_INVALID',
    hint: 'restore it from a backup: without its keys no stored secret can be decrypted',
  });
}
