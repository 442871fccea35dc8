import type { Credential } from '../src/domain/index.ts';
import type { Redactor } from '../src/observability/index.ts';

/** Parts of credentials that are not secret, and words that occur in many messages. */
const PLAIN_PARTS: ReadonlySet<string> = new Set([
  'certificateAuthority',
  'inCluster',
  'profile',
  'region',
  'roleArn',
  'roleSessionName',
  'webIdentityTokenFile',
]);

/**
 * Registers all secret parts of a credential with the redactor, also if a third-party client has put more
 * than strings into it.
 */
export function registerCredential(redactor: Redactor, credential: Credential): void {
  for (const [name, value] of Object.entries(credential)) {
    if (!PLAIN_PARTS.has(name)) registerAll(redactor, value);
  }
}

function registerAll(redactor: Redactor, value: unknown): void {
  if (typeof value === 'string' || typeof value === 'number') redactor.register(String(value));
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) registerAll(redactor, part);
}
