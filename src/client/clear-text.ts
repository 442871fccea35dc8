import { checkUrl, namesSetting, WindlassError } from '../domain/index.ts';
import type { Requests, RuntimeInput } from '../protocol/index.ts';

// Temporal stores for weeks what leaves this process in clear text, even if a worker then refuses it. So
// everything is checked before: each argument by its own rule, and all of them by one.

/** A user in an address is as often a secret as a password is. */
const USER_IN_ADDRESS = /[a-z0-9+.-]:\/\/[^\s/?#@"']*@/i;
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/;
/** A line of a PEM block, which settings may hold. */
const PEM_LINE = /^(?:-----|[A-Za-z0-9+/=]{1,76}$)/;

/** Arguments that are checked by the form, sealed, or the content of a package. */
const OWN_RULES: ReadonlySet<string> = new Set(['conf', 'credential', 'base64']);

/** Names and ids, in every request that has them. */
const NAMES: ReadonlySet<string> = new Set([
  'after',
  'cluster',
  'clusterId',
  'node',
  'nodeIds',
  'role',
  'roles',
  'runtime',
  'vpcId',
]);

/**
 * Checks everything that a request sends in clear text.
 *
 * @throws invalid-input `CLEAR_SECRET` with the field; nothing of the text is quoted.
 */
export function refuseClearSecrets(value: unknown, field = ''): void {
  if (typeof value === 'string') {
    const why = explainSecret(value);
    if (why !== null) throw clearSecret(field, why);
    if (NAMES.has(field)) checkPlainName(value, field);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (OWN_RULES.has(key)) continue;
    // A key is text too; an unknown key is not named in the error.
    if (explainSecret(key) !== null) throw clearSecret(field, 'has a key that holds a secret');
    refuseClearSecrets(member, Array.isArray(value) ? field : key);
  }
}

function explainSecret(text: string): string | null {
  if (USER_IN_ADDRESS.test(text)) return 'has an address with a user or a password in it';
  if (PRIVATE_KEY.test(text)) return 'holds a private key';
  const isCertificate = text.includes('-----BEGIN CERTIFICATE-----');
  return !isCertificate && isDocument(text) ? 'holds a whole document' : null;
}

/** A text that no name, address or setting has: a document that was given under the wrong option. */
function isDocument(text: string): boolean {
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.some((line) => line.startsWith('{') || line.startsWith('['))) return true;
  const [, ...further] = lines;
  return further.at(-1) === '' || further.some((line) => line !== '' && !PEM_LINE.test(line));
}

function clearSecret(field: string, why: string): WindlassError {
  const name = field === '' ? 'the request' : field;
  return new WindlassError('invalid-input', `${name} ${why}, and would be sent in clear text`, {
    code: 'CLEAR_SECRET',
    ...(field === '' ? {} : { field }),
    hint: 'nothing was sent; credentials are sealed when they are given as --credential FILE, --chart-credential FILE or in the conf',
  });
}

/**
 * Checks a name or an id that a user gives, or a zone; an empty one is left to the workers.
 *
 * @throws invalid-input `BAD_NAME`; the text is not quoted, because it may be anything.
 */
export function checkPlainName(text: string, field: string): string {
  if (/^[\p{L}\p{N}_.@/+ -]{0,253}$/u.test(text)) return text;
  throw new WindlassError('invalid-input', `${field} is not a valid name or id`, {
    code: 'BAD_NAME',
    field,
    hint: 'letters, digits, and . _ - + / @ between them, at most 253; nothing was sent',
  });
}

/**
 * Checks all of a runtime except its credential, with what the workers know of its provider. Nothing of
 * the runtime is sent for that.
 *
 * @throws invalid-input `RUNTIME_URL`, `BAD_NAME`, `SETTING_UNKNOWN`, `CLEAR_SECRET`; not-found
 * `PROVIDER_UNKNOWN`.
 */
export async function checkRuntime(
  requests: Requests,
  { provider, url, zone, settings }: Pick<RuntimeInput, 'provider' | 'url' | 'zone' | 'settings'>,
): Promise<void> {
  checkPlainName(zone, 'zone');
  // Only the workers know whether http is allowed to other machines.
  if (url !== '') checkUrl(url, { field: 'url', code: 'RUNTIME_URL', plainHttpHosts: null });
  const worker = await requests.describeWorker();
  if (!worker.providers.includes(provider)) throw providerUnknown(worker.providers);
  const known = worker.settings[provider];
  if (known !== undefined) {
    const unknown = Object.keys(settings).find((key) => !namesSetting(known, key));
    if (unknown !== undefined) throw settingUnknown(provider, unknown, known);
  }
  refuseClearSecrets(settings, 'settings');
}

function providerUnknown(known: readonly string[]): WindlassError {
  return new WindlassError('not-found', 'no provider has this name', {
    code: 'PROVIDER_UNKNOWN',
    field: 'provider',
    hint: `the workers have: ${[...known].sort().join(', ')}`,
  });
}

function settingUnknown(provider: string, key: string, known: readonly string[]): WindlassError {
  return new WindlassError(
    'invalid-input',
    `${provider} has no setting ${JSON.stringify(key.slice(0, 60))}`,
    {
      code: 'SETTING_UNKNOWN',
      field: 'settings',
      hint: `nothing was sent; its settings are ${known.join(', ')}`,
    },
  );
}
