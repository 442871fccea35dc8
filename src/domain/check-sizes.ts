import { WindlassError } from './errors.ts';
import { MAX_CONF_BYTES, MAX_CREDENTIAL_BYTES } from './limits.ts';

/**
 * Refuses a credential that is too large, from its file or from the parts that arrived. Quotes nothing of it.
 *
 * @throws invalid-input `CREDENTIAL_TOO_LARGE`, field `credential`
 */
export function checkCredentialSize(credential: string): void {
  const bytes = countBytes(credential);
  if (bytes <= MAX_CREDENTIAL_BYTES) return;
  throw new WindlassError(
    'invalid-input',
    `the credential has ${bytes} bytes; the limit is ${MAX_CREDENTIAL_BYTES}`,
    {
      code: 'CREDENTIAL_TOO_LARGE',
      field: 'credential',
      hint: 'for a kubeconfig with several contexts, give only the one that you need: kubectl config view --minify --flatten',
    },
  );
}

/**
 * Refuses a conf that is too large.
 *
 * @throws invalid-input `CONF_TOO_LARGE`, field `conf`
 */
export function checkConfSize(conf: unknown): void {
  const bytes = countBytes(toJson(conf));
  if (bytes <= MAX_CONF_BYTES) return;
  throw new WindlassError(
    'invalid-input',
    `the conf has ${bytes} bytes as JSON; the limit is ${MAX_CONF_BYTES}`,
    {
      code: 'CONF_TOO_LARGE',
      field: 'conf',
      hint: 'leave out what is as the package has it; put large files into the package',
    },
  );
}

/** What JSON cannot hold is refused elsewhere, with its own words. */
function toJson(conf: unknown): string {
  try {
    return JSON.stringify(conf) ?? '';
  } catch {
    return '';
  }
}

function countBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
