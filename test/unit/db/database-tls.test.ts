import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStores } from '../../../src/db/index.ts';
import { makeKeyAndCertificate, type KeyAndCertificate } from '../providers/kubernetes/kubeconfig-kit.ts';

// A server that speaks as much of PostgreSQL as it takes to be sent a password: it agrees to TLS, shows
// a certificate of an unknown CA, and asks for the password in clear text.

let folder: string;
let pair: KeyAndCertificate;
let server: Server;
let port: number;
let seen: string;

const SSL_REQUEST = 80_877_103;
const ASK_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

function answer(socket: Socket): void {
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (chunk.length === 8 && chunk.readUInt32BE(4) === SSL_REQUEST) {
      socket.removeAllListeners('data');
      socket.write('S');
      const secureContext = createSecureContext({ key: pair.key, cert: pair.certificate });
      answer(new TLSSocket(socket, { isServer: true, secureContext }));
      return;
    }
    seen += chunk.toString('latin1');
    if (chunk[0] === 'p'.charCodeAt(0)) socket.end();
    else socket.write(ASK_PASSWORD);
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-database-tls-'));
  pair = makeKeyAndCertificate();
  writeFileSync(join(folder, 'ca.pem'), pair.certificate);
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  seen = '';
});
afterEach(() => vi.unstubAllEnvs());

async function connect(parameters: string, host = '127.0.0.1'): Promise<string> {
  const databaseUrl = `postgres://windlass:planted-1@${host}:${port}/windlass${parameters}`;
  const stores = openStores({ databaseUrl, maxConnections: 1 });
  const error: unknown = await stores.ping().catch((thrown: unknown) => thrown);
  await stores.close();
  return String(error);
}

describe('the connection to the database', () => {
  it.each(['?sslmode=verify-full', '?sslmode=verify-ca', '?sslmode=require', '?ssl=true'])(
    'sends nothing to a server that it cannot verify (%s), whatever the environment says',
    async (parameters) => {
      for (const mode of [undefined, 'disable', 'no-verify']) {
        vi.stubEnv('PGSSLMODE', mode);
        expect(await connect(parameters)).not.toContain('planted');
        expect(seen).toBe('');
      }
    },
  );

  it('sends nothing to a server whose certificate is of a known CA and of another name', async () => {
    expect(
      await connect(`?sslmode=verify-full&sslrootcert=${join(folder, 'ca.pem')}`, 'localhost'),
    ).toBeDefined();
    expect(seen).toBe('');
  });

  it('speaks with a server that is verified by its CA, by name or by address', async () => {
    await connect(`?sslmode=verify-full&sslrootcert=${join(folder, 'ca.pem')}`);
    expect(seen).toContain('planted-1');
  });

  it('is made here without TLS where the URL does not ask for it, whatever the environment says', async () => {
    vi.stubEnv('PGSSLMODE', 'no-verify');
    vi.stubEnv('PGHOST', 'db.example');
    await connect('');
    expect(seen).toContain('planted-1');
  });

  it('is refused before it is made to another machine without verified TLS', () => {
    const databaseUrl = 'postgres://windlass:planted-1@192.0.2.1/windlass';
    expect(() => openStores({ databaseUrl })).toThrow(/WINDLASS_INSECURE_DATABASE/);
    const unreadable = `postgres://windlass:planted-1@127.0.0.1/x?sslmode=require&sslrootcert=${folder}/none.pem`;
    expect(() => openStores({ databaseUrl: unreadable })).toThrow(/sslrootcert names a file/);
  });
});
