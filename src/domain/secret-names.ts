/** Words that make a name that of a secret, wherever they are in it. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'authorization',
  'bearer',
  'cookie',
  'cred',
  'credential',
  'credentials',
  'creds',
  'dsn',
  'jwt',
  'kubeconfig',
  'pass',
  'passcode',
  'passphrase',
  'passphrases',
  'passwd',
  'password',
  'passwords',
  'pw',
  'pwd',
  'secret',
  'secrets',
  'token',
  'tokens',
]);

/** Names that are written as one word: `dbpassword`, `secretaccesskey`. */
const SECRET_ENDING =
  /(?:passwords?|passwd|passphrase|pwd|secrets?|tokens?|credentials?|kubeconfig|(?:api|private|secret|access|ssh|signing|encryption)keys?)$/;
const ENDS_IN_PASS = /(?:admin|root|user|db|database|sql|smtp|mail|ldap|http|proxy|redis|auth)pass$/;

/** What a key must be of to be a secret one. A key alone is a word, a public one no secret. */
const KEY_OF: ReadonlySet<string> = new Set([
  'access',
  'account',
  'api',
  'client',
  'deploy',
  'encryption',
  'gpg',
  'hmac',
  'license',
  'master',
  'pgp',
  'private',
  'rsa',
  'secret',
  'session',
  'shared',
  'signing',
  'ssh',
  'storage',
  'tls',
]);

/** A name with this ending describes a secret, but is not one. */
const ABOUT_A_SECRET: ReadonlySet<string> = new Set([
  'backend',
  'class',
  'count',
  'days',
  'dir',
  'enabled',
  'endpoint',
  'expiration',
  'expires',
  'expiry',
  'file',
  'files',
  'index',
  'kind',
  'length',
  'max',
  'min',
  'minutes',
  'name',
  'names',
  'path',
  'paths',
  'policy',
  'provider',
  'ref',
  'reference',
  'references',
  'refs',
  'required',
  'rotation',
  'seconds',
  'size',
  'store',
  'ttl',
  'type',
  'url',
  'version',
]);

/** The same for a name with this beginning: `existingSecret`, `createSecret`, `maxTokens`. */
const BEGINS_ABOUT: ReadonlySet<string> = new Set([
  'automount',
  'create',
  'disable',
  'enable',
  'existing',
  'max',
  'min',
  'mount',
  'use',
]);

/** Longer names are judged by their end. */
const LONGEST_NAME = 256;

/**
 * Whether the value of a key, variable or option of this name must be hidden. The one list for everything
 * that is shown and logged; sealing does not depend on it. Accepts names in any spelling (`dbPassword`,
 * `DB_PASSWORD`, `db-password`); of a dotted path the last part decides.
 */
export function isSecretName(name: string): boolean {
  if (name.startsWith('$')) return false;
  const parts = name.slice(-LONGEST_NAME).split('.');
  const last = parts.pop() ?? '';
  const words = splitWords(last === 'value' ? (parts.pop() ?? '') : last);
  const [first = '', second] = words;
  const end = words.at(-1) ?? '';
  if (ABOUT_A_SECRET.has(end) || BEGINS_ABOUT.has(first)) return false;
  if (first === 'image' && second === 'pull') return false;
  if (words.includes('public')) return false;
  if (words.some((word) => SECRET_WORDS.has(word))) return true;
  if (words.some((word) => SECRET_ENDING.test(word) || ENDS_IN_PASS.test(word))) return true;
  const key = words.findIndex((word) => word === 'key' || word === 'keys');
  if (key > 0 && words.slice(0, key).some((word) => KEY_OF.has(word))) return true;
  return words.some((word, index) => word === 'connection' && words[index + 1] === 'string');
}

function splitWords(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
}
