import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { WindlassError, type DatabaseAddress, type DatabaseTls } from '../domain/index.ts';

/**
 * The driver's configuration for an address. Every option is set, also those that are off: the driver
 * would take an absent one from PGSSLMODE, PGHOST and the like.
 *
 * @throws invalid-input `CONFIG_INVALID` for a file of the URL that cannot be read
 */
export function toPoolConfig({
  host,
  port,
  user,
  password,
  database,
  applicationName,
  tls,
}: DatabaseAddress) {
  return {
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
    ssl: tls.mode === 'off' ? false : toTlsOptions(tls),
    sslnegotiation: 'postgres',
  } satisfies pg.PoolConfig & { readonly sslnegotiation: string };
}

function toTlsOptions({ mode, caFile, certificateFile, keyFile }: DatabaseTls) {
  return {
    rejectUnauthorized: mode === 'verified',
    ...(caFile === undefined ? {} : { ca: readText('sslrootcert', caFile) }),
    ...(certificateFile === undefined ? {} : { cert: readText('sslcert', certificateFile) }),
    ...(keyFile === undefined ? {} : { key: readText('sslkey', keyFile) }),
  };
}

function readText(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new WindlassError(
      'invalid-input',
      `DATABASE_URL: ${parameter} names a file that cannot be read (${code})`,
      {
        code: 'CONFIG_INVALID',
        field: 'DATABASE_URL',
        hint: `give the path of a PEM file: ${file}`,
      },
    );
  }
}
