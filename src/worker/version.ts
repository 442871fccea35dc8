import { readFileSync } from 'node:fs';

/** From package.json, which is above src in a clone and above dist in a package. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'windlass' && version !== undefined) return version;
    } catch {
      // Not this one.
    }
  }
  return '0.0.0';
}

export const VERSION: string = readVersion();
