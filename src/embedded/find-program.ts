import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The path of a program of this tree, given relative to this folder and without extension: its source in a
 * clone, compiled in a package.
 */
export function findProgram(relativePath: string): string {
  return fileURLToPath(new URL(`${relativePath}${extname(import.meta.url)}`, import.meta.url));
}
