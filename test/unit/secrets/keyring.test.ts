import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storedSecretBinding, type SealedSecret, type SecretBinding } from '../../../src/domain/index.ts';
import {
  type EncryptedSecret,
  openKeyring,
  retireSealingKeys,
  rotateKeys,
  type RotatedSecrets,
  sealSecret,
} from '../../../src/secrets/index.ts';
import { rejectedCodes } from '../../kit/outcomes.ts';

const PASSWORD = 'päss\u0000word 🔑';
const BINDING: SecretBinding = { secret: 'a password', clusterId: 'cl-1' };
const STORED = storedSecretBinding('cl-1', 'conf/password');

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-keyring-'));
  file = join(folder, 'keys', 'keyring.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the keyring file', () => {
  test('is made readable by its owner alone, in a folder of its own', async () => {
    await openKeyring(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['keyring.json']);
  });

  test('is the same one for workers that start at once', async () => {
    const keyrings = await Promise.all(Array.from({ length: 8 }, () => openKeyring(file)));
    expect(new Set(keyrings.map((keyring) => keyring.sealingKey().keyId)).size).toBe(1);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['keyring.json']);
  });

  test.each([0o640, 0o604, 0o660])('is refused when others can read it (mode %o)', async (mode) => {
    await openKeyring(file);
    chmodSync(file, mode);
    await expect(openKeyring(file)).rejects.toMatchObject({ kind: 'permission', code: 'KEYRING_READABLE' });
  });

  test('is refused without repeating its content when it is damaged', async () => {
    await openKeyring(file);
    const { sealing, storage } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { key: string }[]>;
    const key = storage?.[0]?.key ?? '';
    for (const text of [`{"key": "${key}`, JSON.stringify({ version: 1, sealing, storage: [{ key }] })]) {
      writeFileSync(file, text);
      const error = await openKeyring(file).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'invalid-input', code: 'KEYRING_INVALID' });
      expect(String(error)).not.toContain(key.slice(0, 12));
    }
  });
});

describe('sealed secrets', () => {
  test('open where they were meant to go, and nowhere else', async () => {
    const keyring = await openKeyring(file);
    const sealed = await sealSecret(keyring.sealingKey(), PASSWORD, BINDING);
    expect(JSON.stringify(sealed)).not.toContain('word');
    expect(await keyring.openSealed(sealed, BINDING)).toBe(PASSWORD);
    for (const binding of [{ ...BINDING, clusterId: 'cl-2' }, { secret: 'a password' }, STORED]) {
      await expect(keyring.openSealed(sealed, binding)).rejects.toMatchObject({
        kind: 'invalid-input',
        code: 'SEALED_SECRET',
      });
    }
  });

  test('are never twice the same', async () => {
    const keyring = await openKeyring(file);
    const [one, two] = [
      await sealSecret(keyring.sealingKey(), '', BINDING),
      await sealSecret(keyring.sealingKey(), '', BINDING),
    ];
    expect(one.enc).not.toBe(two.enc);
  });

  test('do not open when they were changed, or were sealed to the key of others', async () => {
    const keyring = await openKeyring(file);
    const others = await openKeyring(join(folder, 'others.json'));
    const sealed = await sealSecret(keyring.sealingKey(), PASSWORD, BINDING);
    const foreign = await sealSecret(others.sealingKey(), PASSWORD, BINDING);
    const changed = [
      { ...sealed, ciphertext: Buffer.from('x').toString('base64') },
      { ...sealed, enc: foreign.enc },
      { ...sealed, enc: '?' },
      { ...foreign, keyId: sealed.keyId },
      // Clients may be any program.
      ...[null, 'text', {}, { ...sealed, enc: 7 }].map((value) => value as unknown as SealedSecret),
    ];
    for (const envelope of changed) {
      await expect(keyring.openSealed(envelope, BINDING)).rejects.toMatchObject({ code: 'SEALED_SECRET' });
    }
    await expect(keyring.openSealed(foreign, BINDING)).rejects.toMatchObject({
      code: 'SEALED_SECRET',
      message: expect.stringContaining('retired') as string,
    });
  });

  test('are refused a key that is none', async () => {
    const key = { keyId: 'k', publicKey: Buffer.alloc(65).toString('base64') };
    await expect(sealSecret(key, PASSWORD, BINDING)).rejects.toMatchObject({ code: 'SEALING_KEY' });
  });
});

describe('stored secrets', () => {
  test('are decrypted with the keyring that encrypted them, unless they were changed', async () => {
    const keyring = await openKeyring(file);
    const stored = keyring.encrypt(PASSWORD, STORED);
    expect(Buffer.from(stored.sealed).includes('word')).toBe(false);
    expect(keyring.decrypt(stored, STORED)).toBe(PASSWORD);
    const sealed = Uint8Array.from(stored.sealed, (byte, index) => (index === 13 ? byte ^ 1 : byte));
    expect(() => keyring.decrypt({ ...stored, sealed }, STORED)).toThrow(/changed/);
    expect(() => keyring.decrypt({ ...stored, sealed: Uint8Array.of(1) }, STORED)).toThrow(/changed/);
    const elsewhere = storedSecretBinding('cl-2', 'conf/password');
    expect(() => keyring.decrypt(stored, elsewhere)).toThrow(/what it belongs to/);
    const other = await openKeyring(join(folder, 'other.json'));
    expect(() => other.decrypt(stored, STORED)).toThrow(/not in the keyring/);
  });
});

describe('rotation', () => {
  test('keeps every secret readable, also for a worker that runs meanwhile', async () => {
    const keyring = await openKeyring(file);
    const table = new SecretTable(
      Array.from({ length: 450 }, (_, index) => keyring.encrypt(`secret ${index}`, rowBinding(index))),
    );
    const sealed = await sealSecret(keyring.sealingKey(), PASSWORD, BINDING);
    const first = keyring.encrypt('', STORED).keyId;

    const rotation = await rotateKeys(file, { secrets: table });
    expect(rotation).toMatchObject({ reencrypted: 450, dropped: [] });
    expect(keyring.sealingKey().keyId).toBe(rotation.sealingKeyId);
    expect(keyring.encrypt('', STORED).keyId).toBe(rotation.storageKeyId);
    expect(new Set(table.rows.map((row) => row.keyId))).toEqual(new Set([rotation.storageKeyId]));
    expect(table.rows.map((row, index) => keyring.decrypt(row, rowBinding(index)))).toEqual(
      table.rows.map((_, index) => `secret ${index}`),
    );
    expect(await keyring.openSealed(sealed, BINDING)).toBe(PASSWORD);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    expect((await rotateKeys(file, { secrets: table })).dropped).toEqual([first]);
    expect(readFileSync(file, 'utf8')).not.toContain(first);
    expect(keyring.decrypt(table.rows[7] ?? keyring.encrypt('', STORED), rowBinding(7))).toBe('secret 7');
  });

  test('that breaks off leaves every secret readable, and may be run again', async () => {
    const keyring = await openKeyring(file);
    const table = new SecretTable(
      Array.from({ length: 30 }, (_, index) => keyring.encrypt(`secret ${index}`, rowBinding(index))),
    );
    table.failAfter = 10;
    await expect(rotateKeys(file, { secrets: table })).rejects.toThrow('the database went away');
    expect(table.rows.map((row, index) => keyring.decrypt(row, rowBinding(index)))).toEqual(
      table.rows.map((_, index) => `secret ${index}`),
    );
    table.failAfter = Number.POSITIVE_INFINITY;
    expect((await rotateKeys(file, { secrets: table })).reencrypted).toBe(30);
    expect(table.rows.map((row, index) => keyring.decrypt(row, rowBinding(index)))).toEqual(
      table.rows.map((_, index) => `secret ${index}`),
    );
  });

  test('twice at once loses no key', async () => {
    const keyring = await openKeyring(file);
    const table = new SecretTable(
      Array.from({ length: 300 }, (_, index) => keyring.encrypt(`secret ${index}`, rowBinding(index))),
    );
    const outcomes = await Promise.allSettled([
      rotateKeys(file, { secrets: table }),
      rotateKeys(file, { secrets: table }),
    ]);
    expect(outcomes.some((outcome) => outcome.status === 'fulfilled')).toBe(true);
    expect(rejectedCodes(outcomes).filter((code) => code !== 'KEYS_ROTATING')).toEqual([]);
    expect(table.rows.map((row, index) => keyring.decrypt(row, rowBinding(index)))).toEqual(
      table.rows.map((_, index) => `secret ${index}`),
    );
  });

  test('retires old sealing keys only when told to', async () => {
    const keyring = await openKeyring(file);
    const sealed = await sealSecret(keyring.sealingKey(), PASSWORD, BINDING);
    await rotateKeys(file, { secrets: new SecretTable([]) });
    expect(await retireSealingKeys(file)).toEqual([sealed.keyId]);
    await expect(keyring.openSealed(sealed, BINDING)).rejects.toMatchObject({
      code: 'SEALED_SECRET',
      message: expect.stringContaining('retired') as string,
    });
    const fresh = await sealSecret(keyring.sealingKey(), PASSWORD, BINDING);
    expect(await keyring.openSealed(fresh, BINDING)).toBe(PASSWORD);
  });
});

/** Each row is bound to its own place, as those of the store are. */
const rowBinding = (index: number): SecretBinding => storedSecretBinding('cl-1', `conf/${index}`);

interface TableRow {
  readonly index: number;
  readonly secret: EncryptedSecret;
  readonly binding: SecretBinding;
}

/** Rows of secrets, replaced as the store does it: only while they are what was read. */
class SecretTable implements RotatedSecrets<TableRow> {
  readonly rows: EncryptedSecret[];
  failAfter = Number.POSITIVE_INFINITY;
  private replaced = 0;

  constructor(rows: EncryptedSecret[]) {
    this.rows = rows;
  }

  async listNotUnder(keyId: string, limit: number): Promise<readonly TableRow[]> {
    return await Promise.resolve(
      this.rows
        .map((secret, index) => ({ index, secret, binding: rowBinding(index) }))
        .filter((row) => row.secret.keyId !== keyId)
        .slice(0, limit),
    );
  }

  async replace(row: TableRow, secret: EncryptedSecret): Promise<void> {
    this.replaced += 1;
    if (this.replaced > this.failAfter) throw new Error('the database went away');
    if (this.rows[row.index] === row.secret) this.rows[row.index] = secret;
    await Promise.resolve();
  }
}
