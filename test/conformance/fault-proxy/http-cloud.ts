import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A plain HTTP server that counts what it did: the cloud behind the proxy. */
export interface HttpCloud {
  readonly url: string;
  /** Names of all things that were made, in order. */
  readonly made: readonly string[];
  /** How many requests arrived. */
  requests(): number;
  close(): Promise<void>;
}

/**
 * `POST /things` with a name makes one; `GET /things` tells how many there are; `GET /echo` answers
 * with the headers it got; `GET /stream` says `one`, and `two` when `/go` was asked for.
 */
export async function startHttpCloud(tls?: Certificate): Promise<HttpCloud> {
  const made: string[] = [];
  let requests = 0;
  let go: () => void = () => undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1;
    if (request.method === 'POST') {
      made.push(await readText(request));
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ id: made.length }));
    } else if (request.url === '/things') {
      response.end(JSON.stringify({ count: made.length, filler: 'x'.repeat(1000) }));
    } else if (request.url === '/echo') {
      response.end(JSON.stringify(request.headers));
    } else if (request.url === '/stream') {
      response.write('one');
      go = () => response.end('two');
    } else {
      go();
      response.end();
    }
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void serve(request, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    made,
    requests: () => requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

/** A key and a certificate for 127.0.0.1 that vouches for itself; PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-cert-'));
  try {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
