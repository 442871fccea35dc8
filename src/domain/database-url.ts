import { isLoopbackHost } from './check-url.ts';
import { WindlassError } from './errors.ts';

/** A PostgreSQL server and the connection to it; every value is set, so that no library's default decides. */
export interface DatabaseAddress {
  /** A name, an address, or the folder of a Unix socket (it begins with `/`). */
  readonly host: string;
  readonly port: number;
  /** Absent: as PostgreSQL's own tools find it. */
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly applicationName?: string;
  readonly tls: DatabaseTls;
}

export interface DatabaseTls {
  /** `verified`: the certificate must be of a known CA and bear the name of the host. */
  readonly mode: 'verified' | 'unverified' | 'off';
  /** Files, as the operator's URL names them. */
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

const PARAMETERS = [
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'host',
  'port',
  'application_name',
] as const;

const MODES: Readonly<Record<string, DatabaseTls['mode']>> = {
  disable: 'off',
  'no-verify': 'unverified',
  // Stricter than libpq, which only verifies with the last: there is no half way here.
  require: 'verified',
  'verify-ca': 'verified',
  'verify-full': 'verified',
};

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. What is said of TLS is read here and
 * nowhere else: variables such as PGSSLMODE change nothing, and parameters that are not known are refused.
 *
 * @param isInsecureAllowed whether a server of another machine may be spoken to without TLS, or without
 *   its certificate being verified
 * @throws invalid-input `CONFIG_INVALID`, field `DATABASE_URL`. Quotes nothing of the text.
 */
export function readDatabaseUrl(text: string, isInsecureAllowed: boolean): DatabaseAddress {
  if (!/^postgres(ql)?:\/\/\S+$/.test(text)) throw wrong('must begin with postgres:// and hold no space');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hash !== '' || text.includes('#')) {
    throw wrong('is no URL: write special characters of a password as %XX');
  }
  const parameters = readParameters(url.searchParams);
  const host = parameters.get('host') ?? (decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost');
  const port = Number(parameters.get('port') ?? (url.port || '5432'));
  if (!/^(\/[^,]*|[A-Za-z0-9_.:-]+)$/.test(host))
    throw wrong('must name one host, or the folder of a socket');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrong('has a port that is none');
  const tls = readTls(parameters);
  const isHere = host.startsWith('/') || isLoopbackHost(host);
  if (tls.mode !== 'verified' && !isHere && !isInsecureAllowed) {
    const what = tls.mode === 'off' ? 'without TLS' : 'without verifying its certificate';
    throw wrong(
      `would send the password to another machine ${what}: add ?sslmode=verify-full (and sslrootcert=FILE for a CA of your own), or set WINDLASS_INSECURE_DATABASE=true`,
    );
  }
  const applicationName = parameters.get('application_name');
  return {
    host,
    port,
    ...optional('user', decode(url.username)),
    ...optional('password', decode(url.password)),
    ...optional('database', decode(url.pathname.replace(/^\//, ''))),
    ...optional('applicationName', applicationName ?? ''),
    tls,
  };
}

function optional<Key extends string>(key: Key, value: string): Partial<Record<Key, string>> {
  return value === '' ? {} : ({ [key]: value } as Record<Key, string>);
}

function readParameters(given: URLSearchParams): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of given) {
    if (!PARAMETERS.some((known) => known === name)) {
      throw wrong(`has a parameter that is not known; known are ${PARAMETERS.join(', ')}`);
    }
    if (found.has(name)) throw wrong(`has ${name} twice`);
    if (value === '') throw wrong(`has ${name} without a value`);
    found.set(name, value);
  }
  return found;
}

function readTls(parameters: ReadonlyMap<string, string>): DatabaseTls {
  const sslmode = parameters.get('sslmode');
  const ssl = parameters.get('ssl');
  if (sslmode !== undefined && ssl !== undefined) throw wrong('has ssl beside sslmode; give one of them');
  if (ssl !== undefined && ssl !== 'true' && ssl !== 'false')
    throw wrong('has ssl, which can be true or false');
  const word = sslmode ?? (ssl === 'true' ? 'verify-full' : 'disable');
  const mode = Object.hasOwn(MODES, word) ? MODES[word] : undefined;
  if (mode === undefined) throw wrong(`has sslmode, which can be ${Object.keys(MODES).join(', ')}`);
  const files = {
    ...optional('caFile', parameters.get('sslrootcert')?.replace(/^system$/, '') ?? ''),
    ...optional('certificateFile', parameters.get('sslcert') ?? ''),
    ...optional('keyFile', parameters.get('sslkey') ?? ''),
  };
  return { mode, ...files };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('is no URL: write special characters of a password as %XX');
  }
}

function wrong(why: string): WindlassError {
  return new WindlassError('invalid-input', `DATABASE_URL ${why}`, {
    code: 'CONFIG_INVALID',
    field: 'DATABASE_URL',
    hint: 'docs/production.md says how workers reach their database',
  });
}
