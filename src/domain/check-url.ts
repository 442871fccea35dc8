import { WindlassError } from './errors.ts';

/** What an address that a user or an operator gave must fulfil. */
export interface UrlRule {
  /** Of the error. */
  readonly field: string;
  /** What messages call the address; `field` when absent. */
  readonly what?: string;
  readonly code: string;
  /** The allowed schemes; plain `http` only to this machine, and to `plainHttpHosts`. */
  readonly schemes?: readonly ('https' | 'http')[];
  /**
   * `host` or `host:port` that may be used without TLS, by the operator's setting. Null leaves that check
   * to the workers: clients do not know the setting.
   */
  readonly plainHttpHosts: readonly string[] | null;
}

const MAX_URL_CHARACTERS = 2_048;

/**
 * Reads the address of an API or a repository: `https://HOST[:PORT][/PATH]`, with nothing in it that
 * is secret, ambiguous or not sent: no user, no query, no fragment, no blanks or backslashes, which
 * programs read differently. Plain http is for this machine alone. Addresses at which a cloud tells
 * its machines who they are (metadata services) are refused always.
 *
 * Use the URL that is returned, never the text: so all see the same host.
 *
 * @throws invalid-input with the rule's code and field. Its message quotes nothing of the text but the host.
 */
export function checkUrl(text: string, rule: UrlRule): URL {
  const { schemes = ['https', 'http'], plainHttpHosts } = rule;
  if (text.length > MAX_URL_CHARACTERS) throw wrong(rule, `has more than ${MAX_URL_CHARACTERS} characters`);
  const url = URL.canParse(text) ? new URL(text) : null;
  // What the standard repairs without a word, other programs read as something else.
  if (url === null || !/^[a-z]+:\/\/[^\s\\]+$/i.test(text) || url.hostname === '') {
    throw wrong(rule, 'is no address of the form https://HOST:PORT');
  }
  // An empty user is one too: `https://@host`.
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/\/[^/?#]*@/i.test(text)) {
    throw wrong(rule, 'has a user or a password in it; a credential goes into its own file');
  }
  if (/[?#]/.test(text)) throw wrong(rule, 'must have neither ? nor #');
  if (!schemes.some((scheme) => url.protocol === `${scheme}:`)) {
    throw wrong(rule, `must begin with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
  }
  if (isMetadataHost(url.hostname)) {
    throw wrong(rule, `names ${url.hostname}, where clouds tell their machines who they are`);
  }
  if (url.protocol === 'https:' || plainHttpHosts === null || isLoopbackHost(url.hostname)) return url;
  if (plainHttpHosts.some((host) => host === url.hostname || host === url.host)) return url;
  throw wrong(
    rule,
    `is plain http to another machine (${url.host}): anyone on the network can read what is sent`,
    'give an https:// address; the operator of the workers can allow this host with WINDLASS_INSECURE_URLS',
  );
}

/** Whether a host of a URL or an address is this machine by its name alone. Resolves no names. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare === '::1' || (isIpv4(bare) && bare.startsWith('127.'));
}

/** Names and addresses outside the link-local ranges at which clouds keep their metadata. */
const METADATA_HOSTS: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  // Alibaba, Azure, Oracle.
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
]);

/** Whether a cloud answers there with its machines' own credentials: link-local addresses and their like. */
export function isMetadataHost(host: string): boolean {
  const bare = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  if (isIpv4(bare)) return bare.startsWith('169.254.') || METADATA_HOSTS.has(bare);
  if (!bare.includes(':')) return METADATA_HOSTS.has(bare);
  // AWS has one more of its own, in fd00:ec2::/32.
  if (/^fe[89ab][0-9a-f]:/.test(bare) || /^fd00:0?ec2:/.test(bare)) return true;
  // An IPv4 address inside an IPv6 one (mapped, compatible, translated), as URLs write it.
  const [, high = '', low = ''] = /:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare) ?? [];
  if (high === '' || !/^(::|::ffff:|::ffff:0:|64:ff9b:)/.test(bare)) return false;
  const bytes = [high, low].flatMap((part) => {
    const number = Number.parseInt(part, 16);
    return [number >> 8, number & 0xff];
  });
  return isMetadataHost(bytes.join('.'));
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
}

function wrong(rule: UrlRule, why: string, hint = 'e.g. https://api.example:8443'): WindlassError {
  return new WindlassError('invalid-input', `${rule.what ?? rule.field} ${why}`, {
    code: rule.code,
    field: rule.field,
    hint,
  });
}
