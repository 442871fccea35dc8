/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** Takes secrets out of text and data on their way to a log, an error or a terminal. */
export interface Redactor {
  /** From now on this value is masked wherever it appears. Values shorter than 4 characters are not: they would mask everything. */
  register(secret: string): void;
  /** Masks registered values and what follows well-known key names (`password=…`, `"secretAccessKey": "…"`). */
  redactText(text: string): string;
  /** The same for data; the value of a key with a well-known name is masked whatever it is. The input is not changed. */
  redactValue(value: unknown): unknown;
}

const SHORTEST_SECRET = 4;
/** Values nested deeper than this are cut, which also ends cycles. */
const DEEPEST = 12;

const SECRET_KEY =
  /^(.*[_-])?(pass(word|wd|phrase)|secret|secret[_-]?(access[_-]?)?key|private[_-]?key|credentials?|token|api[_-]?key|authorization|kubeconfig)$/i;
/** camelCase: …Password, …PrivateKey; `$secret` names a reference, not a value. */
const SECRET_CAMEL =
  /(Password|Passphrase|Secret|SecretKey|SecretAccessKey|PrivateKey|Credentials?|ApiKey|(session|Session|security|Security|access|Access)Token)$/;
/** A ledger token is a name, not a secret; a secret token has another word before it. */
const HARMLESS_KEYS = new Set(['token', '$secret']);

const KEY_IN_TEXT =
  /((?:["']?)[\w.-]*(?:password|passwd|passphrase|secret[_-]?(?:access[_-]?)?key|private[_-]?key|api[_-]?key)(?:["']?)\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}\])"']+)/gi;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** The password of a URL such as postgres://user:password@host. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(@)/gi;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;

function isSecretKey(key: string): boolean {
  return !HARMLESS_KEYS.has(key) && (SECRET_KEY.test(key) || SECRET_CAMEL.test(key));
}

/** A redactor that knows no values yet, only names. */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const values = new Set<string>();
  let pattern: RegExp | null = null;

  function register(secret: string): void {
    // A secret also appears as JSON writes it, line by line (keys), and encoded in a URL.
    const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
    if (secret.includes('\n'))
      forms.push(...secret.split(/\r?\n/).filter((line) => line.length >= 16 && !line.startsWith('-----')));
    const before = values.size;
    for (const form of forms) if (form.length >= SHORTEST_SECRET) values.add(form);
    if (values.size !== before) pattern = null;
  }

  function redactText(text: string): string {
    if (pattern === null && values.size > 0) {
      // Longest first, so that a secret that begins with another one is masked whole.
      const ordered = [...values].sort((left, right) => right.length - left.length);
      pattern = new RegExp(
        ordered.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
        'g',
      );
    }
    const known = pattern === null ? text : text.replace(pattern, REDACTED);
    return known
      .replace(PEM, REDACTED)
      .replace(URL_PASSWORD, `$1${REDACTED}$2`)
      .replace(BEARER, `$1 ${REDACTED}`)
      .replace(KEY_IN_TEXT, (_whole, key: string, value: string) => {
        const quote = /^["']/.test(value) ? value.charAt(0) : '';
        return `${key}${quote}${REDACTED}${quote}`;
      });
  }

  function redactValue(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return redactText(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= DEEPEST) return '[too deep]';
    if (value instanceof Date) return value;
    if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
    if (value instanceof Map || value instanceof Set) return redactValue([...value], depth + 1);
    const fields: [string, unknown][] = Object.entries(value);
    if (value instanceof Error) {
      // An error's own words are not enumerable; its enumerable fields (pg: `detail`, `where`) can echo parameters.
      fields.unshift(['type', value.name], ['message', value.message], ['stack', value.stack]);
      if (value.cause !== undefined) fields.push(['cause', value.cause]);
    }
    return Object.fromEntries(
      fields.map(([key, field]) => [
        key,
        isSecretKey(key) && field !== null && field !== undefined ? REDACTED : redactValue(field, depth + 1),
      ]),
    );
  }

  for (const secret of secrets) register(secret);
  return { register, redactText, redactValue: (value) => redactValue(value) };
}
