import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Every spelling under which a secret may stand in text or in bytes: as it is, in hex, in base64. */
export function spellSecret(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // The first and last characters depend on what stands beside the secret.
    return text.slice(shift === 0 ? 0 : 4, text.length - 4);
  });
  return [secret, bytes.toString('hex'), ...inBase64, encodeURIComponent(secret)];
}

export function holdsSecret(content: string | Buffer, secret: string): boolean {
  return spellSecret(secret).some((spelling) => content.includes(spelling));
}

/** Files below a folder in which a secret stands, by their paths within it. */
export async function findFilesWith(folder: string, secret: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await listFiles(folder)) {
    const path = join(entry.parentPath, entry.name);
    if (holdsSecret(await readFile(path), secret)) found.push(path.slice(folder.length + 1));
  }
  return found.sort();
}

async function listFiles(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile());
}
