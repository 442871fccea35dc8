import { readKeyringFile } from './keyring-file.ts';

/** A key by its id; never the key itself. */
export interface KeyDescription {
  readonly keyId: string;
  readonly use: 'sealing' | 'storage';
  /** Old keys are only for decryption. */
  readonly current: boolean;
  readonly createdAt: string;
}

/**
 * The keys of a keyring file, newest first.
 *
 * @throws as openKeyring; not-found `KEYRING_NOT_FOUND`: listing creates no file.
 */
export function listKeys(file: string): readonly KeyDescription[] {
  const { sealing, storage } = readKeyringFile(file).data;
  const describe =
    (use: KeyDescription['use']) => (key: { keyId: string; createdAt: string }, index: number) => ({
      keyId: key.keyId,
      use,
      current: index === 0,
      createdAt: key.createdAt,
    });
  return [...sealing.map(describe('sealing')), ...storage.map(describe('storage'))];
}
