import { readFileSync } from 'node:fs';

/** From package.json, which lies two folders up in a clone and three in a built package. */
export function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        version?: string;
      };
      if (version !== undefined) return version;
    } catch {
      // Not there: the other one.
    }
  }
  return '0.0.0';
}
