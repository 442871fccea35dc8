import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../../src/providers/local/cloud/files.ts';

/** Every spelling under which a secret may stand in text or in bytes: as it is, in hex, in base64. */
export function spellSecret(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // The first and last characters depend on the text around the secret.
    return text.slice(shift === 0 ? 0 : 4, text.length - 4);
  });
  return [secret, bytes.toString('hex'), ...inBase64, encodeURIComponent(secret)];
}

export function holdsSecret(content: string | Buffer, secret: string): boolean {
  return spellSecret(secret).some((spelling) => content.includes(spelling));
}

/**
 * Files below a folder that contain a secret, by their paths within it. A running server may remove a file
 * between the listing and the reading (SQLite's journal at each commit): a removed file keeps nothing.
 */
export async function findFilesWith(folder: string, secret: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const path of listFiles(folder)) {
    const content = await unlessGone(readFile(path));
    if (content !== null && holdsSecret(content, secret)) found.push(path.slice(folder.length + 1));
  }
  return found.sort();
}

async function* listFiles(folder: string): AsyncGenerator<string> {
  for (const entry of (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* listFiles(path);
    else if (entry.isFile()) yield path;
  }
}

async function unlessGone<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
