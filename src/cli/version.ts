import { readFileSync } from 'node:fs';

/** From package.json, which is two folders up in a clone and three in a built package. */
export function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        version?: string;
      };
      if (version !== undefined) return version;
    } catch {
      // Not there: try the other path.
    }
  }
  return '0.0.0';
}
