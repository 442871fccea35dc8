import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoopbackHost, readDatabaseUrl, WindlassError } from '../../../src/domain/index.ts';

function refusal(text: string, insecure = false): WindlassError | null {
  try {
    readDatabaseUrl(text, insecure);
    return null;
  } catch (error) {
    if (WindlassError.isInstance(error)) return error;
    throw error;
  }
}

const AWAY = 'postgres://windlass:planted-1@db.example/windlass';

describe('the address of the database', () => {
  it('is taken apart, nothing of it left to the driver', () => {
    expect(
      readDatabaseUrl(
        'postgresql://me:p%40ss%2Fword@db.example:6432/mine?sslmode=verify-full&sslrootcert=/etc/ca.pem&application_name=w',
        false,
      ),
    ).toEqual({
      host: 'db.example',
      port: 6432,
      user: 'me',
      password: 'p@ss/word',
      database: 'mine',
      applicationName: 'w',
      tls: { mode: 'verified', caFile: '/etc/ca.pem' },
    });
    expect(readDatabaseUrl('postgres://[::1]/x', false)).toMatchObject({
      host: '::1',
      port: 5432,
      tls: { mode: 'off' },
    });
    expect(readDatabaseUrl('postgres://%2Fvar%2Frun%2Fpostgresql/x', false).host).toBe('/var/run/postgresql');
    expect(readDatabaseUrl('postgres:///x?host=/var/run/postgresql', false).host).toBe('/var/run/postgresql');
    expect(readDatabaseUrl('postgres:///x', false).host).toBe('localhost');
  });

  it.each(['verify-full', 'verify-ca', 'require'])(
    'may be on another machine with sslmode=%s, and is verified',
    (mode) => {
      expect(readDatabaseUrl(`${AWAY}?sslmode=${mode}`, false).tls.mode).toBe('verified');
    },
  );

  it.each([
    AWAY,
    `${AWAY}?sslmode=disable`,
    `${AWAY}?sslmode=no-verify`,
    `${AWAY}?ssl=false`,
    'postgres://u:planted-1@192.0.2.1:5432/x',
    'postgres://u:planted-1@127.0.0.1.example/x',
    'postgres://u:planted-1@localhost.example/x',
    'postgres://u:planted-1@localhost/x?host=db.example',
    'postgres://u:planted-1@[2001:db8::1]/x',
  ])('is refused on another machine without verified TLS, unless one setting allows it: %s', (text) => {
    const error = refusal(text);
    expect(error).toMatchObject({ kind: 'invalid-input', code: 'CONFIG_INVALID', field: 'DATABASE_URL' });
    expect(error?.message).toContain('WINDLASS_INSECURE_DATABASE');
    expect(JSON.stringify(error?.toInfo())).not.toContain('planted');
    expect(refusal(text, true)).toBeNull();
  });

  it.each([
    `${AWAY}?sslmode=prefer`,
    `${AWAY}?sslmode=allow`,
    `${AWAY}?sslmode=VERIFY-FULL`,
    `${AWAY}?sslmode=verify-full&sslmode=no-verify`,
    `${AWAY}?sslmode=verify-full&%73slmode=disable`,
    `${AWAY}?sslmode=require&uselibpqcompat=true`,
    `${AWAY}?uselibpqcompat=true&sslmode=verify-full`,
    `${AWAY}?sslmode=verify-full&ssl=false`,
    `${AWAY}?ssl=no-verify`,
    `${AWAY}?ssl=1`,
    `${AWAY}?SSLMODE=disable`,
    `${AWAY}?sslmode=`,
    `${AWAY}?sslmode=constructor`,
    `${AWAY}?planted-1=x`,
    `${AWAY}?rejectUnauthorized=false`,
    `${AWAY}?options=-c%20ssl=off`,
    `${AWAY}?sslmode=verify-full#planted-1`,
    'postgres://u:planted#1@db.example/x?sslmode=verify-full',
    'postgres://u:planted%ZZ@db.example/x?sslmode=verify-full',
    'postgres://a.example,b.example/x?sslmode=verify-full',
    'postgres://db.example:99999/x?sslmode=verify-full',
    'postgres://db.example/x?sslmode=verify-full&port=0',
    'mysql://u:planted-1@db.example/x',
    'postgres://u:planted 1@db.example/x',
    '',
  ])('is refused whatever is allowed, because it says nothing certain: %s', (text) => {
    for (const insecure of [false, true]) {
      const error = refusal(text, insecure);
      expect(error).toMatchObject({ kind: 'invalid-input', code: 'CONFIG_INVALID' });
      expect(JSON.stringify(error?.toInfo())).not.toContain('planted');
    }
  });

  it('whatever the text: refused, or of this machine, or verified', () => {
    const pieces = fc.constantFrom(
      ...[
        'sslmode',
        'ssl',
        'host',
        '=',
        '&',
        '?',
        'verify-full',
        'no-verify',
        'disable',
        'true',
        'false',
        '%20',
      ],
      ...['db.example', 'localhost', '@', '/x', 'uselibpqcompat', 'require', '#', ':5432', '[::1]', '%2Ftmp'],
    );
    fc.assert(
      fc.property(
        fc.constantFrom('localhost', 'db.example', '%2Frun', ''),
        fc.array(pieces, { maxLength: 8 }),
        (host, parts) => {
          let address;
          try {
            address = readDatabaseUrl(`postgres://u:p@${host}${parts.join('')}`, false);
          } catch (error) {
            expect(WindlassError.isInstance(error)).toBe(true);
            return;
          }
          const isHere = address.host.startsWith('/') || isLoopbackHost(address.host);
          expect(isHere || address.tls.mode === 'verified').toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
